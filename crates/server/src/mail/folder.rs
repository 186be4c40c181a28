use std::path::PathBuf;
use std::pin::Pin;

use doorward_core::mail::{OutgoingMail, Transport};
use doorward_core::outbox::SendError;

/// Writes every mail to a folder as an `.eml` file.
pub struct FolderTransport {
    folder: PathBuf,
}

impl FolderTransport {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn write(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        let message = super::message(mail)?;
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(self.folder.join(format!("{}.eml", mail.id)), message.formatted()))
            .map_err(|error| SendError::Temporary(format!("{}: {error}", self.folder.display())))
    }
}

impl Transport for FolderTransport {
    fn send<'a>(
        &'a self,
        mail: OutgoingMail,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move { self.write(&mail) })
    }
}
