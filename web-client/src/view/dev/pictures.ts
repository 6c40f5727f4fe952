/** Drawn pictures instead of cameras and screens: no face of a real person stands in the tree. */

/** Frames of a moving picture in a second. */
const FRAMES = 15;

let moving = false;

const made = new Map<string, MediaStream>();

/** From now on people nod fifteen times a second, as a camera would send them small. */
export function keepMoving(): void {
  moving = true;
}

/** A person as a drawing, different for each number. */
export function face(no: number): MediaStream {
  return once(`face ${no}`, 640, 360, (pen) => {
    const hue = (no * 47) % 360;
    pen.fillStyle = `hsl(${hue} 18% ${no % 3 === 0 ? 78 : 62}%)`;
    pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = `hsl(${(hue + 160) % 360} 30% 36%)`;
    pen.beginPath();
    pen.ellipse(320, 400, 190, 160, 0, 0, Math.PI * 2);
    pen.fill();
    pen.fillStyle = `hsl(${20 + (no % 5) * 4} ${38 + (no % 4) * 6}% ${72 - (no % 6) * 8}%)`;
    pen.beginPath();
    pen.ellipse(320, 175, 72, 92, 0, 0, Math.PI * 2);
    pen.fill();
    pen.fillStyle = `hsl(${(no * 31) % 50} 35% ${16 + (no % 4) * 12}%)`;
    pen.beginPath();
    pen.ellipse(320, 120, 82, 58, 0, Math.PI, Math.PI * 2);
    pen.fill();
  });
}

/** A slide with axes and a parabola. */
export function slide(): MediaStream {
  return once('slide', 1280, 720, (pen) => {
    pen.fillStyle = 'white';
    pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = 'black';
    pen.font = '600 52px sans-serif';
    pen.fillText('Die Parabel', 80, 110);
    pen.font = '34px sans-serif';
    pen.fillText('y = x² - 2', 80, 170);
    pen.strokeStyle = 'gray';
    pen.lineWidth = 3;
    pen.beginPath();
    pen.moveTo(340, 620);
    pen.lineTo(1160, 620);
    pen.moveTo(750, 140);
    pen.lineTo(750, 680);
    pen.stroke();
    pen.strokeStyle = 'teal';
    pen.lineWidth = 6;
    pen.beginPath();
    for (let x = -3; x <= 3; x += 0.1) pen.lineTo(750 + x * 120, 660 - x * x * 56);
    pen.stroke();
  });
}

function once(
  key: string,
  width: number,
  height: number,
  draw: (pen: CanvasRenderingContext2D) => void,
): MediaStream {
  const before = made.get(key);
  if (before) return before;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d');
  if (pen) {
    draw(pen);
    // A canvas delivers a frame only when it is drawn upon.
    if (!moving) setInterval(() => draw(pen), 500);
  }
  const stream = moving ? nod(canvas) : canvas.captureStream(4);
  made.set(key, stream);
  return stream;
}

/** The drawing in small, moved a little for every frame. */
function nod(still: HTMLCanvasElement): MediaStream {
  const canvas = document.createElement('canvas');
  canvas.width = 320;
  canvas.height = 180;
  const pen = canvas.getContext('2d');
  let frame = made.size * 5;
  setInterval(() => {
    frame += 1;
    pen?.drawImage(still, 8 * Math.sin(frame / 6), 4 * Math.sin(frame / 4), 320, 180);
  }, 1000 / FRAMES);
  return canvas.captureStream(FRAMES);
}
