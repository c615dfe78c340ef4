//! Typed data: what is read does not change with what JSON may carry around it.

use opsign_typed_data::TypedData;

/// Any text. White space around it and an unknown member change neither the hash nor the error.
pub fn typed_data(data: &[u8]) {
    let read = TypedData::from_json(data).map_err(|error| error.kind());
    let spaced = [b" \t\r\n", data, b"\n"].concat();
    assert_eq!(TypedData::from_json(&spaced).map_err(|error| error.kind()), read);
    let Ok(typed_data) = read else { return };
    let Some(end) = data.iter().rposition(|byte| *byte == b'}') else { return };
    let extended = [&data[..end], b",\"unknown\":[{}]}"].concat();
    assert_eq!(TypedData::from_json(&extended).ok(), Some(typed_data));
}
