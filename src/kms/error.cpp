#include "src/kms/error.hpp"

#include <algorithm>
#include <array>

#include "src/model/shape.hpp"

namespace claviger::kms {
namespace {

// In the order of the enumeration.
constexpr std::array kErrors{
    ErrorRow{ErrorType::access_denied, "AccessDeniedException", 400, ""},
    ErrorRow{ErrorType::already_exists, "AlreadyExistsException", 400, ""},
    ErrorRow{ErrorType::cloudhsm_cluster_in_use, "CloudHsmClusterInUseException", 400, ""},
    ErrorRow{ErrorType::cloudhsm_cluster_invalid_configuration,
             "CloudHsmClusterInvalidConfigurationException", 400, ""},
    ErrorRow{ErrorType::cloudhsm_cluster_not_active, "CloudHsmClusterNotActiveException", 400, ""},
    ErrorRow{ErrorType::cloudhsm_cluster_not_found, "CloudHsmClusterNotFoundException", 400, ""},
    ErrorRow{ErrorType::cloudhsm_cluster_not_related, "CloudHsmClusterNotRelatedException", 400, ""},
    ErrorRow{ErrorType::conflict, "ConflictException", 400, ""},
    ErrorRow{ErrorType::custom_key_store_has_cmks, "CustomKeyStoreHasCMKsException", 400, ""},
    ErrorRow{ErrorType::custom_key_store_invalid_state, "CustomKeyStoreInvalidStateException", 400, ""},
    ErrorRow{ErrorType::custom_key_store_name_in_use, "CustomKeyStoreNameInUseException", 400, ""},
    ErrorRow{ErrorType::custom_key_store_not_found, "CustomKeyStoreNotFoundException", 400, ""},
    ErrorRow{ErrorType::dependency_timeout, "DependencyTimeoutException", 500,
             "The system timed out while trying to fulfill the request."},
    ErrorRow{ErrorType::disabled, "DisabledException", 400, ""},
    ErrorRow{ErrorType::dry_run, "DryRunOperationException", 400,
             "The request would have succeeded, but the DryRun option is set."},
    ErrorRow{
        ErrorType::expired_import_token, "ExpiredImportTokenException", 400,
        "The import token has expired. Get a new one, and a new public key, with GetParametersForImport."},
    ErrorRow{ErrorType::incorrect_key, "IncorrectKeyException", 400,
             "The key ID in the request does not identify a CMK that can perform this operation."},
    ErrorRow{ErrorType::incorrect_key_material, "IncorrectKeyMaterialException", 400, ""},
    ErrorRow{ErrorType::incorrect_trust_anchor, "IncorrectTrustAnchorException", 400, ""},
    ErrorRow{ErrorType::internal, "KMSInternalException", 500,
             "The request failed inside the key service. You can retry it."},
    ErrorRow{ErrorType::invalid_arn, "InvalidArnException", 400, ""},
    ErrorRow{ErrorType::invalid_ciphertext, "InvalidCiphertextException", 400, ""},
    ErrorRow{ErrorType::invalid_grant_id, "InvalidGrantIdException", 400, ""},
    ErrorRow{ErrorType::invalid_grant_token, "InvalidGrantTokenException", 400, ""},
    ErrorRow{ErrorType::invalid_import_token, "InvalidImportTokenException", 400,
             "The import token is not one of this service for this KMS key."},
    ErrorRow{ErrorType::invalid_key_usage, "InvalidKeyUsageException", 400, ""},
    ErrorRow{ErrorType::invalid_mac, "KMSInvalidMacException", 400, ""},
    ErrorRow{ErrorType::invalid_marker, "InvalidMarkerException", 400, ""},
    ErrorRow{ErrorType::invalid_signature, "KMSInvalidSignatureException", 400, ""},
    ErrorRow{ErrorType::invalid_state, "KMSInvalidStateException", 400, ""},
    ErrorRow{ErrorType::key_unavailable, "KeyUnavailableException", 500,
             "No HSM can serve this key at the moment. You can retry the request."},
    ErrorRow{ErrorType::limit_exceeded, "LimitExceededException", 400, ""},
    ErrorRow{ErrorType::malformed_policy, "MalformedPolicyDocumentException", 400, ""},
    ErrorRow{ErrorType::not_authorized, "NotAuthorizedException", 400, ""},
    ErrorRow{ErrorType::not_found, "NotFoundException", 400, ""},
    ErrorRow{ErrorType::serialization, "SerializationException", 400, ""},
    ErrorRow{ErrorType::tag, "TagException", 400, ""},
    ErrorRow{ErrorType::throttling, "ThrottlingException", 400,
             "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."},
    ErrorRow{ErrorType::unknown_operation, "UnknownOperationException", 400, ""},
    ErrorRow{ErrorType::unsupported, "UnsupportedOperationException", 400, ""},
    ErrorRow{ErrorType::validation, "ValidationException", 400, ""},
};
static_assert([] {
    for (std::size_t i = 0; i < kErrors.size(); ++i) {
        if (static_cast<std::size_t>(kErrors[i].type) != i) {
            return false;
        }
    }
    return kErrors.size() == static_cast<std::size_t>(ErrorType::validation) + 1;
}());

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}, std::string_view d = {},
                   std::string_view e = {}, std::string_view f = {}) {
    std::string text;
    text.reserve(a.size() + b.size() + c.size() + d.size() + e.size() + f.size());
    return text.append(a).append(b).append(c).append(d).append(e).append(f);
}

ErrorType type_of(Errc code, const model::Operation& operation) noexcept {
    switch (code) {
        case Errc::data_invalid: return ErrorType::invalid_ciphertext;
        case Errc::unsupported: return ErrorType::unsupported;
        case Errc::overloaded: return ErrorType::throttling;
        case Errc::deadline_exceeded: return ErrorType::dependency_timeout;
        case Errc::key_not_loaded:
        case Errc::key_fault:
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::pin_refused:
        case Errc::hsm_fault:
        case Errc::hsm_gone:
        case Errc::no_hsm:
        case Errc::not_admitted:
            return std::ranges::binary_search(operation.errors, row_of(ErrorType::key_unavailable).name)
                       ? ErrorType::key_unavailable
                       : ErrorType::internal;
        case Errc::internal:
        case Errc::protocol_error:
        case Errc::io_error:
        case Errc::bad_config:
        case Errc::conflict:
        case Errc::not_found:
        case Errc::integrity: return ErrorType::internal;
    }
    return ErrorType::internal;
}

}  // namespace

const ErrorRow& row_of(ErrorType type) noexcept {
    return kErrors[static_cast<std::size_t>(type)];
}

std::span<const ErrorRow> error_table() noexcept {
    return kErrors;
}

Failure access_denied(std::string text, std::source_location w) {
    return {ErrorType::access_denied, std::move(text), w};
}

Failure foreign_ciphertext(std::source_location w) {
    return {ErrorType::access_denied,
            "The ciphertext refers to a customer master key that does not exist, does not exist in this "
            "region, or "
            "you are not allowed to access.",
            w};
}

Failure validation(std::string text, std::source_location w) {
    return {ErrorType::validation, std::move(text), w};
}

Failure missing_member(std::string_view path, std::source_location w) {
    return {ErrorType::validation,
            joined("1 validation error detected: Value null at '", path,
                   "' failed to satisfy constraint: Member must not be null"),
            w};
}

Failure not_found(std::string text, std::source_location w) {
    return {ErrorType::not_found, std::move(text), w};
}

Failure invalid_ciphertext(std::source_location w) {
    return {ErrorType::invalid_ciphertext, {}, w};
}

Failure incorrect_key(std::source_location w) {
    return {ErrorType::incorrect_key, {}, w};
}

Failure invalid_state(std::string_view arn, std::string_view what, std::source_location w) {
    return {ErrorType::invalid_state, joined(arn, " is ", what, "."), w};
}

Failure key_disabled(std::string_view arn, std::source_location w) {
    return {ErrorType::disabled, joined(arn, " is disabled."), w};
}

Failure wrong_usage(std::string_view arn, std::string_view usage, std::string_view operation,
                    std::source_location w) {
    return {ErrorType::invalid_key_usage,
            joined(arn, " key usage is ", usage, " which is not valid for ", operation, "."), w};
}

Failure wrong_algorithm(std::string_view algorithm, std::string_view spec, std::source_location w) {
    return {ErrorType::invalid_key_usage,
            joined("Algorithm ", algorithm, " is incompatible with key spec ", spec, "."), w};
}

Failure wrong_origin(std::string_view arn, std::string_view origin, std::source_location w) {
    return {ErrorType::unsupported,
            joined(arn, " origin is ", origin, " which is not valid for this operation."), w};
}

Failure too_many_tags(std::source_location w) {
    return {ErrorType::tag, "Too many tags", w};
}

Failure dry_run(std::source_location w) {
    return {ErrorType::dry_run, {}, w};
}

Failure unsupported(std::string text, std::source_location w) {
    return {ErrorType::unsupported, std::move(text), w};
}

Failure internal(std::string detail, std::source_location w) {
    Failure failure{ErrorType::internal, {}, w};
    failure.detail = std::move(detail);
    return failure;
}

Failure failure_of(const Error& error, const model::Operation& operation) {
    Failure failure{type_of(error.code, operation), {}, error.where};
    failure.detail = error.describe();
    return failure;
}

}  // namespace claviger::kms
