//! Server-sent events (HTML, section 9.2.6), read from whatever pieces they come in.

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A line that says nothing but that somebody is there.
    Comment,
    Event {
        name: String,
        id: Option<String>,
        data: String,
    },
}

/// An event or a line of more bytes is not the feed's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

#[derive(Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    /// The last byte was `\r`: a `\n` after it ends no further line.
    after_return: bool,
    name: String,
    id: Option<String>,
    data: String,
    has_data: bool,
    limit: usize,
}

impl Reader {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(crate) fn read(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), TooLong> {
        for part in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, end) = match part.split_last() {
                Some((end @ (b'\n' | b'\r'), text)) => (text, Some(*end)),
                _ => (part, None),
            };
            let goes_on = std::mem::take(&mut self.after_return) && text.is_empty() && end == Some(b'\n');
            if goes_on {
                continue;
            }
            if self.line.len() + text.len() + self.data.len() > self.limit {
                return Err(TooLong);
            }
            self.line.extend_from_slice(text);
            if let Some(end) = end {
                self.after_return = end == b'\r';
                self.end_line(heard);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, heard: &mut Vec<Heard>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            let id = self.id.take();
            if std::mem::take(&mut self.has_data) {
                heard.push(Heard::Event { name, id, data });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => heard.push(Heard::Comment),
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.to_owned()).filter(|id| !id.contains('\0')),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": beat\n\nevent: revoked\nid: 7\ndata: {\"sid\":\ndata: \"s\"}\n\n:\r\n\r\nretry: 5\nid: 8\n\ndata:x\r\rdata: cut";

    fn all(pieces: &[&[u8]]) -> Vec<Heard> {
        let (mut reader, mut heard) = (Reader::new(1000), Vec::new());
        for piece in pieces {
            reader.read(piece, &mut heard).unwrap();
        }
        heard
    }

    #[test]
    fn events_and_comments_are_heard_however_they_are_cut() {
        let event = |name: &str, id: Option<&str>, data: &str| Heard::Event {
            name: name.to_owned(),
            id: id.map(str::to_owned),
            data: data.to_owned(),
        };
        let expected = [
            Heard::Comment,
            event("revoked", Some("7"), "{\"sid\":\n\"s\"}"),
            Heard::Comment,
            event("", None, "x"),
        ];
        let bytes = STREAM.as_bytes();
        assert_eq!(all(&[bytes]), expected);
        for at in 0..bytes.len() {
            assert_eq!(all(&[&bytes[..at], &bytes[at..]]), expected, "cut at {at}");
        }
        assert_eq!(all(&bytes.iter().map(std::slice::from_ref).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn what_grows_without_end_is_given_up() {
        let mut heard = Vec::new();
        assert_eq!(Reader::new(10).read(b"data: 0123456789", &mut heard), Err(TooLong));
        let mut reader = Reader::new(30);
        let lines = std::iter::repeat_with(|| reader.read(b"data: 01234567\n", &mut heard));
        assert!(lines.take(10).any(|read| read == Err(TooLong)));
        assert!(heard.is_empty());
    }
}
