/**
 * What a machine can say of the look of a page, run inside it. `globalThis.judgeLook()` returns
 * sentences, one for each fault: text that is cut or outside, a page that scrolls sideways, and
 * a target under 44 px. Names of people on tiles may be shortened, as they stand in full in the
 * list; captions roll out at the top.
 */
(() => {
  const TARGETS =
    'button, a[href], input, select, textarea, summary, [role="tab"], [role="switch"]';
  const LEAST = 44;

  globalThis.judgeLook = () => {
    const faults = [];
    const page = document.documentElement;
    const over = page.scrollWidth - page.clientWidth;
    if (over > 0) faults.push(`the page scrolls sideways by ${over} px`);
    const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const texts = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode;
      const element = node.parentElement;
      const text = node.textContent.trim();
      if (text === '' || !seen(element) || element.closest('.tile .name, .chip .name, .captions')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        const edge = box.width > 0 && cutBy(element, box);
        if (edge) {
          faults.push(`"${text.slice(0, 40)}" is cut ${edge}`);
          break;
        }
      }
    }
    for (const element of top.querySelectorAll(TARGETS)) {
      if (!seen(element) && !element.matches('input')) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      // A link inside a sentence keeps the sentence's line; one that waits off the screen grows.
      if (element.matches('p a, .skip:not(:focus)')) continue;
      const target = element.matches('[type=checkbox], [type=radio]')
        ? element.closest('label')
        : element;
      const box = target.getBoundingClientRect();
      const what = `"${(target.ariaLabel ?? target.textContent.trim()).slice(0, 40)}"`;
      if (box.width < LEAST - 0.5 || box.height < LEAST - 0.5) {
        faults.push(`${what} is ${Math.round(box.width)} x ${Math.round(box.height)}`);
      }
      const edge = cutBy(target.parentElement, box);
      if (edge) faults.push(`the target ${what} is cut ${edge}`);
    }
    return [...new Set(faults)];
  };

  /** What has the focus must be seen: a ring around it, and nothing above it. */
  globalThis.judgeFocus = () => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    // What follows a box or a circle may carry its ring: it is larger, or drawn in its place.
    const follows =
      element.matches('input[type=checkbox], input[type=radio]') &&
      !(isRinged(element) && element.checkVisibility({ opacityProperty: true }));
    const ringed = follows ? element.nextElementSibling : element;
    const name = (element.ariaLabel ?? element.textContent ?? '').trim().slice(0, 40);
    if (!isRinged(ringed)) return `"${name}" has no ring`;
    const box = ringed.getBoundingClientRect();
    const edge = cutBy(ringed.parentElement, box);
    if (edge) return `"${name}" is cut ${edge}`;
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const meant = ringed.closest('label') ?? ringed;
    if (!middle || !(meant.contains(middle) || middle.contains(meant))) {
      return `"${name}" lies under ${middle?.outerHTML.slice(0, 60)}`;
    }
    return null;
  };

  function isRinged(element) {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  }

  function seen(element) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    for (let at = element; at; at = at.parentElement) {
      if (getComputedStyle(at).clipPath !== 'none') return false;
    }
    return !element.closest('script, style, option, [role=tooltip], .skip:not(:focus)');
  }

  /** Which edge cuts a box so that it cannot be reached, or null. */
  function cutBy(element, box) {
    let reach = { x: false, y: false };
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      const { overflowX, overflowY, position } = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      if (!reach.x && /hidden|clip/u.test(overflowX)) {
        if (box.left < edge.left - 1 || box.right > edge.right + 1) return `sideways by ${tag(at)}`;
      }
      if (!reach.y && /hidden|clip/u.test(overflowY)) {
        if (box.top < edge.top - 1 || box.bottom > edge.bottom + 1) return `above or below by ${tag(at)}`;
      }
      reach = {
        x: reach.x || /auto|scroll/u.test(overflowX),
        y: reach.y || /auto|scroll/u.test(overflowY),
      };
      if (at.matches('dialog') || position === 'fixed') break;
    }
    const outside = !reach.x && (box.left < -1 || box.right > innerWidth + 1);
    return outside ? 'by the screen' : null;
  }

  function tag(element) {
    return `${element.localName}.${[...element.classList].filter((one) => !one.startsWith('svelte')).join('.')}`;
  }
})();
