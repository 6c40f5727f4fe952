//! Links within a Markdown page: each leads to a heading of it.
//!
//! Headings are named as GitHub does it: in lower case, spaces become hyphens, other signs go, and
//! a name that was there before gets `-1`, `-2` and so on.
//! Left out on purpose: links to files and other pages.

/// The targets of links within the page that no heading has.
#[must_use]
pub fn dead(page: &str) -> Vec<String> {
    let prose = without_code(page);
    let names = names(&prose);
    let targets = prose.split("](#").skip(1).filter_map(|rest| rest.split(')').next());
    let is_dead = |target: &&str| !names.iter().any(|name| name == target);
    targets.filter(is_dead).map(str::to_owned).collect()
}

fn names(prose: &str) -> Vec<String> {
    let mut plain: Vec<String> = Vec::new();
    let mut names = Vec::new();
    for line in prose.lines().filter(|line| line.starts_with('#')) {
        let name = name(line.trim_start_matches('#').trim());
        let before = plain.iter().filter(|other| **other == name).count();
        names.push(if before == 0 { name.clone() } else { format!("{name}-{before}") });
        plain.push(name);
    }
    names
}

fn name(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn without_code(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_heading() {
        let page =
            "# A page\n## Parents' talks\n### `a`\n### `A` again\n### `a`\n```\n## No\n```\n";
        let rows = [
            ("parents-talks", true),
            ("a", true),
            ("a-again", true),
            ("a-1", true),
            ("a-2", false),
            ("no", false),
            ("talks", false),
        ];
        for (target, is_there) in rows {
            let page = format!("{page}See [this](#{target}).\n");
            assert_eq!(dead(&page).is_empty(), is_there, "{target}");
        }
    }
}
