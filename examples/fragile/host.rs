//! The two functions of the host that the filter itself has no use for.

#![allow(unsafe_code, reason = "foreign functions, and a buffer that one of them fills")]

use std::ptr::{null, null_mut};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// A field of the request, if it has it.
pub fn request_header(name: &str) -> Option<Vec<u8>> {
    const REQUEST: u32 = 0;
    let (mut data, mut size): (*mut u8, _) = (null_mut(), 0);
    // SAFETY: the name is valid during the call, the pointers for one value each.
    let status = unsafe {
        proxy_get_header_map_value(REQUEST, name.as_ptr(), name.len(), &mut data, &mut size)
    };
    if status != 0 || data.is_null() {
        return None;
    }
    // SAFETY: the host allocated exactly `size` bytes by our allocator, and has given them up.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Answers the request with 200.
pub fn answer(body: &str) {
    // SAFETY: the body is valid during the call; all else is empty.
    let status = unsafe {
        proxy_send_local_response(200, null(), 0, body.as_ptr(), body.len(), null(), 0, -1)
    };
    assert_eq!(status, 0);
}
