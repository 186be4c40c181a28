use std::collections::BTreeMap;

use doorward_crypto::chain::{ChainKey, Link};

use super::entry::Entry;
use super::head::{self, SignedHead};
use super::{open_key, store};
use crate::context::Context;
use crate::error::Result;

const BATCH: i64 = 1000;
/// More faults than anybody reads: the rest is not looked at.
const MOST_FAULTS: usize = 1000;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The position after which the log begins: what came before was deleted for its age.
    pub anchor: u64,
    /// The last position.
    pub end: u64,
    pub checked: u64,
    /// Events whose personal fields were erased, as an account's deletion does.
    pub erased: u64,
    /// Events that wait to be sealed: nothing is known of them yet.
    pub unsealed: u64,
    /// Signed heads that were compared, copies included.
    pub heads: u64,
    pub faults: Vec<Fault>,
}

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The first position that it is about.
    pub position: u64,
    /// `changed`, `missing`, `cut`, `head`, `anchor` or `stray`.
    pub kind: &'static str,
    /// In words.
    pub detail: String,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, position: u64, kind: &'static str, detail: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { position, kind, detail: detail.into() });
        }
    }
}

/// Goes through the whole log: that no event is missing, changed or cut off, as far as the chain and every signed head,
/// those of the database and the copies given, can tell. Tells `progress` how many events of how many are done.
pub async fn verify(
    context: &Context,
    copies: &[SignedHead],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report> {
    let mut report = Report::default();
    let Some((key, begin)) = start(context, &mut report).await? else {
        for copy in copies {
            report.fault(1, "cut", beyond(copy, 0));
        }
        return Ok(report);
    };
    let mut walk = Walk {
        key,
        previous: Some(begin.anchor),
        expected: begin.anchor.position + 1,
        heads: BTreeMap::new(),
    };
    for copy in begin.heads.iter().chain(copies) {
        walk.heads.entry(copy.end.position).or_default().push(copy.clone());
        report.heads += 1;
    }
    walk.compare_heads(&begin.anchor, &mut report);
    loop {
        let after = walk.expected - 1;
        let (anchor, entries) = context
            .db
            .read(async |tx| {
                let anchor = store::chain(tx).await?.map_or(Link::START, |chain| chain.anchor);
                Ok::<_, crate::error::Error>((
                    anchor,
                    store::sealed_after(tx, after, begin.end.position, BATCH).await?,
                ))
            })
            .await?;
        if anchor.position > after {
            // Old events were deleted meanwhile: it goes on from where the log begins now.
            walk.previous = Some(anchor);
            walk.expected = anchor.position + 1;
            report.anchor = anchor.position;
            continue;
        }
        for entry in &entries {
            walk.step(entry, &mut report);
        }
        progress(walk.expected.saturating_sub(report.anchor + 1), begin.end.position - begin.anchor.position);
        if entries.is_empty() || report.faults.len() >= MOST_FAULTS {
            break;
        }
    }
    finish(&walk, &begin.end, &mut report);
    Ok(report)
}

struct Begin {
    anchor: Link,
    end: Link,
    heads: Vec<SignedHead>,
}

/// What the chain's own rows say. `None` where there is no chain to follow.
async fn start(context: &Context, report: &mut Report) -> Result<Option<(ChainKey, Begin)>> {
    let (chain, heads, keys, outside, unsealed) = context
        .db
        .read(async |tx| {
            let chain = store::chain(tx).await?;
            let (anchor, end) =
                chain.as_ref().map_or((0, 0), |chain| (chain.anchor.position, chain.end.position));
            let (heads, keys) = (store::heads(tx).await?, store::head_keys(tx).await?);
            let outside = store::sealed_outside(tx, anchor, end).await?;
            Ok::<_, crate::error::Error>((chain, heads, keys, outside, store::count_unsealed(tx).await?))
        })
        .await?;
    report.unsealed = u64::try_from(unsealed).unwrap_or(0);
    if let (count @ 1.., first) = outside {
        let first = first.and_then(|first| u64::try_from(first).ok()).unwrap_or(0);
        report.fault(first, "stray", format!("{count} events have positions that were never given"));
    }
    let Some(chain) = chain else {
        if !heads.is_empty() {
            report.fault(1, "cut", "the chain's own row is gone, and heads of it are there");
        }
        return Ok(None);
    };
    (report.anchor, report.end) = (chain.anchor.position, chain.end.position);
    let key = open_key(context, &chain.sealed_key)?;
    if !key.is_anchor(&chain.anchor, &chain.anchor_proof) {
        report.fault(
            chain.anchor.position,
            "anchor",
            "the beginning of the log is not vouched for: events before it were not deleted by the clean-up",
        );
    }
    let keys = head::verifying(&keys)?;
    let mut good = Vec::with_capacity(heads.len());
    for row in heads {
        match head::check(context, &row.jws, &keys) {
            Ok(head) if head.end == row.end => good.push(head),
            Ok(_) => {
                report.fault(row.end.position, "head", "a head's row says something else than its signature");
            }
            Err(reason) => {
                report.fault(row.end.position, "head", format!("a head's signature does not hold: {reason}"));
            }
        }
    }
    Ok(Some((key, Begin { anchor: chain.anchor, end: chain.end, heads: good })))
}

struct Walk {
    key: ChainKey,
    /// The link before the next one; unknown after a gap.
    previous: Option<Link>,
    expected: u64,
    heads: BTreeMap<u64, Vec<SignedHead>>,
}

impl Walk {
    fn step(&mut self, entry: &Entry, report: &mut Report) {
        let position = entry.position.unwrap_or(self.expected);
        if position > self.expected {
            report.fault(self.expected, "missing", missing(self.expected, position - 1));
            self.previous = None;
        }
        let genuine = match &self.previous {
            Some(previous) => entry.link_after(&self.key, previous).is_some(),
            None => entry.written_link().is_some() && entry.has_its_digest(),
        };
        if !genuine {
            report.fault(position, "changed", format!("the event {} is not as it was sealed", entry.id));
        }
        report.checked += 1;
        report.erased += u64::from(entry.is_erased());
        self.previous = entry.written_link();
        self.expected = position + 1;
        if let Some(link) = self.previous {
            self.compare_heads(&link, report);
        }
    }

    fn compare_heads(&self, link: &Link, report: &mut Report) {
        for head in self.heads.get(&link.position).into_iter().flatten() {
            if head.end != *link {
                let signed = head.time.for_people();
                report.fault(
                    link.position,
                    "head",
                    format!("the head of {signed} was signed over another event"),
                );
            }
        }
    }
}

fn finish(walk: &Walk, end: &Link, report: &mut Report) {
    if report.faults.len() >= MOST_FAULTS {
        return;
    }
    let last = walk.expected - 1;
    if last < end.position {
        report.fault(walk.expected, "cut", missing(walk.expected, end.position));
    } else if walk.previous.is_some_and(|link| link.position == end.position && link != *end) {
        report.fault(end.position, "changed", "the chain's own row says something else of its end");
    }
    // The newest says most.
    if let Some((_, heads)) = walk.heads.range(end.position + 1..).next_back()
        && let Some(head) = heads.first()
    {
        report.fault(end.position + 1, "cut", beyond(head, end.position));
    }
}

fn missing(first: u64, last: u64) -> String {
    if first == last {
        "the event is missing".to_owned()
    } else {
        format!("events up to position {last} are missing")
    }
}

fn beyond(head: &SignedHead, end: u64) -> String {
    format!(
        "the head of {} names position {}, and the log ends at {end}",
        head.time.for_people(),
        head.end.position
    )
}
