//! What the numbers of DLMS/COSEM in refusals mean.

/// Diagnostic of an association's acse-service-user.
pub fn diagnostic(code: u8) -> &'static str {
    match code {
        1 => "no reason given",
        2 => "application context not supported",
        3 => "calling AP title not recognised",
        11 => "authentication mechanism not recognised",
        12 => "authentication mechanism required",
        13 => "authentication failure",
        14 => "authentication required",
        _ => "diagnostic",
    }
}

/// Data-access-result or action-result.
pub fn result(code: u8) -> &'static str {
    match code {
        1 => "hardware fault",
        2 => "temporary failure",
        3 => "read-write denied",
        4 => "object undefined",
        9 => "object class inconsistent",
        11 => "object unavailable",
        12 => "type unmatched",
        13 => "scope of access violated",
        14 => "data block unavailable",
        15 => "long get aborted",
        16 => "no long get in progress",
        17 => "long set aborted",
        18 => "no long set in progress",
        19 => "data block number invalid",
        250 => "other reason",
        _ => "result",
    }
}

/// Service error of an exception.
pub fn service_error(code: u8) -> &'static str {
    match code {
        1 => "operation not possible",
        2 => "service not supported",
        3 => "other reason",
        4 => "PDU too long",
        5 => "deciphering error",
        6 => "invocation counter error",
        _ => "service error",
    }
}
