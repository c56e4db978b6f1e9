//! The file service: the module's own files, by message.

use cartwheel_hostabi::cbor::Item;
use cartwheel_hostabi::{Mode, Status, SyscallInfo};

use super::{Builtin, MessageType, Shape, failure};
use crate::ports::request::Failure;
use crate::services::Services;
use crate::staged::{Asked, Outcome};

const NOT_FOUND: &[(Status, &str)] = &[(Status::FsNotFound, "File not found")];

pub(super) const FILES: Builtin = Builtin {
    name: "Files",
    doc: "Files of the module that asks; the capability `fs` has to be declared. The answer comes when the work is done.",
    types: &[
        MessageType {
            name: "file_read",
            id: "fs.read@1",
            defaults: &[],
            shape: Shape::File,
            errors: NOT_FOUND,
            doc: "Gives the content of a file.",
        },
        MessageType {
            name: "file_write",
            id: "fs.write@1",
            defaults: &[],
            shape: Shape::Nothing,
            errors: &[],
            doc: "Writes a file, whole.",
        },
        MessageType {
            name: "file_delete",
            id: "fs.delete@1",
            defaults: &[],
            shape: Shape::Nothing,
            errors: NOT_FOUND,
            doc: "Deletes a file.",
        },
        MessageType {
            name: "file_list",
            id: "fs.list@1",
            defaults: &[("folder", "")],
            shape: Shape::Names,
            errors: &[(Status::FsNotFound, "Folder not found")],
            doc: "Gives the names in a folder.",
        },
        MessageType {
            name: "file_stat",
            id: "fs.stat@1",
            defaults: &[],
            shape: Shape::Stat,
            errors: NOT_FOUND,
            doc: "Tells whether a path names a file or a folder, and how large it is.",
        },
    ],
};

/// The message type that a staged row of files has when it is asked for by its id.
pub(super) fn staged(row: &SyscallInfo) -> Option<&'static MessageType> {
    if row.mode != Mode::Staged || row.domain != "fs" {
        return None;
    }
    let id = if row.id == "fs.write_bytes@1" { "fs.write@1" } else { row.id };
    FILES.types.iter().find(|kind| kind.id == id)
}

/// What a request came to; `None` while it is open.
pub(super) fn settled(
    services: &mut Services,
    request: i32,
    kind: &'static MessageType,
) -> Option<Result<Item, Failure>> {
    let result = match services.requests.state(request) {
        Asked::Pending => return None,
        Asked::Unknown => {
            return Some(Err(Failure::Message("the module has closed the request itself".to_owned())));
        }
        Asked::Ended(Outcome::Done, _) => Ok(Item::NULL),
        Asked::Ended(Outcome::Failed(status), _) => Err(failure(*status, Some(kind))),
        Asked::Ended(Outcome::Data(blob), _) => Ok(data(blob.bytes(), kind.shape)),
    };
    services.requests.close(request);
    Some(result)
}

fn data(bytes: &[u8], shape: Shape) -> Item {
    match shape {
        Shape::Names => {
            let names = bytes.split(|byte| *byte == b'\n').filter(|name| !name.is_empty());
            Item::Array(names.map(|name| Item::Text(String::from_utf8_lossy(name).into_owned())).collect())
        }
        Shape::Stat => {
            let (numbers, _) = bytes.as_chunks::<8>();
            let number = |i: usize| numbers.get(i).map_or(0, |bytes| u64::from_le_bytes(*bytes));
            let kind = if number(0) == 1 { "file" } else { "folder" };
            Item::map([("kind", Item::text(kind)), ("size", Item::Uint(number(1)))])
        }
        _ => Item::Bytes(bytes.to_vec()),
    }
}
