//! The folder that a run leaves behind: everything a person would want to look at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::project;

/// A run's folder and the names of what is in it.
#[derive(Debug)]
pub struct Evidence {
    folder: PathBuf,
    artifacts: BTreeMap<String, PathBuf>,
}

impl Evidence {
    /// Makes an empty folder for a run: `wanted`, or `.rig/runs/NAME` anew.
    ///
    /// # Errors
    /// If the folder cannot be made, or `wanted` holds something already.
    pub fn new(wanted: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        let folder = if let Some(path) = wanted {
            let is_empty = std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
            anyhow::ensure!(
                is_empty,
                "{} is not empty; name a new folder so that nothing of yours is overwritten",
                path.display()
            );
            path.to_owned()
        } else {
            let path = project::state_dir().join("runs").join(name);
            if path.exists() {
                std::fs::remove_dir_all(&path).with_context(|| format!("emptying {}", path.display()))?;
            }
            path
        };
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("finding {}", folder.display()))?;
        Ok(Self {
            folder,
            artifacts: BTreeMap::new(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reserves a file for an artefact and names it.
    pub fn file(&mut self, name: &str, file: &str) -> PathBuf {
        let path = self.folder.join(file);
        self.artifacts.insert(name.to_owned(), path.clone());
        path
    }

    /// Writes an artefact.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&mut self, name: &str, file: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.file(name, file);
        std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    }

    /// What is really there, by name. A file that was reserved and never written is left out.
    pub fn artifacts(&self) -> BTreeMap<String, PathBuf> {
        self.artifacts
            .iter()
            .filter(|(_, path)| path.exists())
            .map(|(name, path)| (name.clone(), path.clone()))
            .collect()
    }
}
