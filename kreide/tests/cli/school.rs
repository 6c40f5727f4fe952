//! `kreide room`, `kreide roster`, `kreide talks` and `kreide person` as an administrator meets them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::running::{Running, output};

const CLASSES: &str = "Raum;Kennung;Name;Rolle;Einwilligung\n\
    7b;l1;Frau Kern;Lehrkraft;nein\n7b;s1;Ada;Schülerin;ja\n8c;s2;Ben;Schüler;\n";

/// A data folder and files beside it.
struct Office(tempfile::TempDir);

impl Office {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("plain").to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    /// Runs a command on the data folder: what it printed, or what it complained of.
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = output(&[arguments, &["--data", &self.path("data")]].concat());
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        if output.status.success() {
            assert!(output.stderr.is_empty(), "{}", text(output.stderr));
            Ok(text(output.stdout))
        } else {
            assert!(output.stdout.is_empty(), "{}", text(output.stdout));
            Err(text(output.stderr))
        }
    }

    /// The lines of a file of links, below the headings.
    fn links(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).expect("written");
        let mut lines = text.lines().map(str::to_owned);
        assert_eq!(lines.next().as_deref(), Some("room,id,name,link"));
        lines.collect()
    }
}

/// The secret of a link at the end of a line.
fn secret(line: &str) -> &str {
    line.rsplit_once("https://kreide.example/j#").expect("a link").1
}

#[test]
fn a_room_is_set_and_shown() {
    let office = Office::new();
    let show = || office.run(&["room", "show", "7b"]).map(|text| text.parse::<Value>());
    assert!(show().expect_err("no room").contains("school has no room 7b"));
    let set = |arguments: &[&str]| office.run(&[&["room", "set", "7b"], arguments].concat());
    let more = ["--policy", "lobby=everyone", "locked=", "--metadata", "{\"a\":1}"];
    let first =
        set(&[&["--title", "7b Mathe", "--external-id", "untis:7"], &more[..]].concat()).unwrap();
    set(&["--title", "7b"]).unwrap();
    let shown = show().unwrap().expect("JSON");
    assert_eq!(
        (&shown["title"], &shown["externalId"], &shown["metadata"]),
        (&json!("7b"), &json!("untis:7"), &json!({ "a": 1 }))
    );
    assert_eq!(
        (&shown["policy"]["lobby"], &shown["policy"]["locked"]),
        (&json!("everyone"), &json!([]))
    );
    assert!(first.contains("7b Mathe"));

    let file = office.file("policy.json", "{ \"recording\": false }");
    set(&["--policy", &file]).unwrap();
    let policy = show().unwrap().expect("JSON")["policy"].clone();
    assert_eq!((&policy["recording"], &policy["lobby"]), (&json!(false), &json!("guests")));

    let bad = office.file("bad.json", "{ \"recoding\": false }");
    let rows: [(&[&str], &str); 5] = [
        (&["--policy", &bad], "a policy has no recoding"),
        (&["--policy", "lobby=all"], "lobby=all"),
        (&["--policy", "loby=guests"], "a policy has no loby"),
        (&["--metadata", "[]"], "--metadata"),
        (&["--external-id", ""], "--external-id"),
    ];
    for (arguments, expected) in rows {
        let said = set(arguments).expect_err("refused");
        assert!(said.contains(expected), "{said}");
    }
    let said = office.run(&["room", "set", "8c", "--external-id", "untis:7"]).unwrap_err();
    assert!(said.contains("another room of the school has this external id"), "{said}");
}

#[test]
fn a_school_is_imported_and_its_people_enter() {
    let office = Office::new();
    let running = Running::start(Path::new(&office.path("data")));
    let file = office.file("classes.csv", CLASSES);
    let import = |file: &str, more: &[&str]| {
        let start = ["roster", "import", file, "--url", "https://kreide.example"];
        office.run(&[&start[..], more].concat())
    };
    let status =
        |link: &str| running.request("/api/enter", Some(&json!({ "link": secret(link) }))).0;
    let out = office.path("links.csv");
    let said = import(&file, &["--links", &out]).unwrap();
    assert_eq!(
        said,
        "7b: 2 added, 0 changed, 0 removed, 0 unchanged\n\
         8c: 1 added, 0 changed, 0 removed, 0 unchanged\n"
    );
    let mode = fs::metadata(&out).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let links = office.links("links.csv");
    assert!(links.len() == 3 && links[1].starts_with("7b,s1,Ada,https://"), "{}", links.len());
    let (code, entered) =
        running.request("/api/enter", Some(&json!({ "link": secret(&links[1]) })));
    assert_eq!((code, &entered["role"], &entered["name"]), (200, &json!("pupil"), &json!("Ada")));

    assert!(import(&file, &["--links", &out]).unwrap_err().contains("cannot be written"));
    assert_eq!(import(&file, &[]).unwrap().matches("0 added, 0 changed, 0 removed").count(), 2);
    let again = office.path("again.csv");
    import(&file, &["--links", &again]).unwrap();
    assert_eq!(office.links("again.csv"), [""; 0], "everyone keeps their link");

    let without = office.file("without.csv", &CLASSES.replace("7b;s1;Ada;Schülerin;ja\n", ""));
    let said = import(&without, &["--room", "7b"]).unwrap();
    assert_eq!(said, "7b: 0 added, 0 changed, 1 removed, 1 unchanged\n");
    assert_eq!((status(&links[0]), status(&links[1]), status(&links[2])), (200, 403, 200));
    let renewed = office.path("renewed.csv");
    import(&without, &["--links", &renewed, "--renew-links"]).unwrap();
    assert_eq!((status(&links[0]), status(&office.links("renewed.csv")[0])), (403, 200));
}

#[test]
fn a_bad_file_imports_nothing_and_is_told_by_its_place() {
    let office = Office::new();
    let file = office.file("bad.csv", &CLASSES.replace("Schüler;\n", "Chef;\n"));
    let out = office.path("links.csv");
    let said = office.run(&["roster", "import", &file, "--links", &out]).unwrap_err();
    assert!(
        said.contains("nothing was imported") && said.contains("line 4, column Rolle"),
        "{said}"
    );
    assert!(!said.contains("Ben"), "{said}");
    assert!(!Path::new(&out).exists());
    assert!(office.run(&["room", "show", "7b"]).is_err());
    let said = office.run(&["roster", "import", &file, "--renew-links"]).unwrap_err();
    assert!(said.contains("--links"), "{said}");
}

#[test]
fn families_get_one_link_a_line() {
    let office = Office::new();
    let file = office.file("talks.csv", "Beginn;Minuten;Familie\n15:10;10;\n15:00;10;Familie Li\n");
    let import = |more: &[&str]| {
        let start = ["talks", "import", &file, "--room", "sprechtag"];
        let url = ["--url", "https://kreide.example"];
        office.run(&[&start[..], &url, more].concat())
    };
    assert!(import(&[]).unwrap_err().contains("line 2, column Beginn"));
    let said = import(&["--date", "2099-11-12"]).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2);
    let running = Running::start(Path::new(&office.path("data")));
    let names = lines.iter().map(|line| {
        let request = json!({ "link": secret(line), "name": "Oma" });
        running.request("/api/enter", Some(&request)).1["name"].clone()
    });
    assert_eq!(names.collect::<Vec<_>>(), [json!("Familie Li"), Value::Null]);

    assert!(import(&["--date", "2099-11-12"]).unwrap_err().contains("--replace"));
    assert_eq!(import(&["--date", "2099-11-12", "--replace"]).unwrap().lines().count(), 2);
    office.run(&["room", "set", "sprechtag", "--policy", "talks=false"]).unwrap();
    let said = import(&["--date", "2099-11-12", "--replace"]).unwrap_err();
    assert!(said.contains("kreide room set sprechtag --policy talks=true"), "{said}");
}

#[test]
fn a_person_is_erased_beside_a_running_server() {
    let office = Office::new();
    let running = Running::start(Path::new(&office.path("data")));
    let file = office.file("classes.csv", CLASSES);
    let out = office.path("links.csv");
    let url = ["--url", "https://kreide.example"];
    let import = ["roster", "import", &file, "--links", &out];
    office.run(&[&import[..], &url].concat()).unwrap();
    let links = office.links("links.csv");
    let status =
        |link: &str| running.request("/api/enter", Some(&json!({ "link": secret(link) }))).0;
    assert_eq!((status(&links[1]), status(&links[2])), (200, 200));
    let counts = |links, rosters| {
        format!(
            "erased: 0 texts of lessons, {links} links, {rosters} places on rosters, 0 places in \
             prepared groups\n"
        )
    };
    let erase = || office.run(&["person", "erase", "s1"]).unwrap();
    assert_eq!(erase(), counts(1, 1));
    assert_eq!(erase(), counts(0, 0), "once is enough");
    assert_eq!((status(&links[1]), status(&links[2])), (403, 200));
    let shown = office.run(&["room", "show", "7b"]).unwrap();
    assert!(!shown.contains("Ada") && !shown.contains("s1"), "{shown}");
    for entry in fs::read_dir(office.path("data")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("readable");
            assert!(!String::from_utf8_lossy(&bytes).contains("Ada"), "{}", path.display());
        }
    }
}
