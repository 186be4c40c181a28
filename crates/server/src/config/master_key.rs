//! The master key of development: made at the first start, and kept where nobody else can read it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use doorward_crypto::rng::Rng;
use doorward_crypto::seal::MasterKey;

/// Makes the folder where the server keeps its files, for its owner alone.
pub fn make_data_dir(data_dir: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .with_context(|| format!("the folder {} could not be made", data_dir.display()))
}

/// The key in `master.key`, made now where it is not there yet. Two that start at once agree on one, and a crash on the way
/// leaves no half of one.
pub fn load_or_create(data_dir: &Path, rng: &dyn Rng) -> Result<MasterKey> {
    let path = data_dir.join("master.key");
    let described = || format!("the master key {}", path.display());
    if !path.exists() {
        let draft = data_dir.join(format!("master.key.{}", std::process::id()));
        let written = write_draft(&draft, &MasterKey::generate(rng)).and_then(|()| {
            match fs::hard_link(&draft, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        });
        let removed = fs::remove_file(&draft);
        written.and(removed).with_context(described)?;
    }
    load(data_dir)?.with_context(|| format!("{} is not there any more", described()))
}

/// The key in `master.key`, where it is there.
pub fn load(data_dir: &Path) -> Result<Option<MasterKey>> {
    let path = data_dir.join("master.key");
    let described = || format!("the master key {}", path.display());
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.with_context(described)?,
    };
    let key = MasterKey::from_base64(&text).map_err(|_| anyhow::anyhow!("{} is damaged", described()))?;
    Ok(Some(key))
}

fn write_draft(draft: &Path, key: &MasterKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    file.write_all(key.to_base64().as_bytes())?;
    file.sync_all()
}
