//! Just enough of HTML to look at what our own templates write.

#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    pub fn heading_level(&self) -> Option<u8> {
        self.name.strip_prefix('h')?.parse().ok()
    }
}

/// Every opening tag, in order.
pub fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    for (at, _) in page.match_indices('<') {
        let rest = &page[at + 1..];
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            found.push(Tag { name: rest[..name_end].to_owned(), attributes: attributes(&rest[name_end..]) });
        }
    }
    found
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        let key = &rest[..end];
        rest = &rest[end..];
        if key.is_empty() {
            return found;
        }
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"').expect("a closing quote");
        }
        assert!(found.iter().all(|(own, _)| own != key), "{key} twice");
        found.push((key.to_owned(), value.to_owned()));
    }
}
