// The error catalogue of AWS KMS: every exception this service answers, and what becomes of failures below
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <claviger/base/result.hpp>

namespace claviger::model {
struct Operation;
}

namespace claviger::kms {

enum class ErrorType : std::uint8_t {
    access_denied,
    already_exists,
    cloudhsm_cluster_in_use,
    cloudhsm_cluster_invalid_configuration,
    cloudhsm_cluster_not_active,
    cloudhsm_cluster_not_found,
    cloudhsm_cluster_not_related,
    conflict,
    custom_key_store_has_cmks,
    custom_key_store_invalid_state,
    custom_key_store_name_in_use,
    custom_key_store_not_found,
    dependency_timeout,
    disabled,
    dry_run,
    expired_import_token,
    incorrect_key,
    incorrect_key_material,
    incorrect_trust_anchor,
    internal,
    invalid_arn,
    invalid_ciphertext,
    invalid_grant_id,
    invalid_grant_token,
    invalid_import_token,
    invalid_key_usage,
    invalid_mac,
    invalid_marker,
    invalid_signature,
    invalid_state,
    key_unavailable,
    limit_exceeded,
    malformed_policy,
    not_authorized,
    not_found,
    serialization,
    tag,
    throttling,
    unknown_operation,
    unsupported,
    validation,
};

struct ErrorRow {
    ErrorType type;
    std::string_view name;     // __type
    unsigned status;           // 400 for the caller's faults, 500 for ours, whatever the model says
    std::string_view message;  // said when the failure brings none; empty: the member is left out
};

const ErrorRow& row_of(ErrorType type) noexcept;
std::span<const ErrorRow> error_table() noexcept;

// Why a request is refused. `message` reaches the caller, `detail` the log only.
struct Failure {
    ErrorType type;
    std::string message;
    std::string detail;
    std::source_location where;

    Failure(ErrorType t, std::string public_message, std::source_location w = std::source_location::current())
        : type(t), message(std::move(public_message)), where(w) {}

    std::string_view text() const noexcept { return message.empty() ? row_of(type).message : message; }
};

template <class T>
using Outcome = Result<T, Failure>;

// One constructor per kind of refusal. An ARN is that of the key concerned.
Failure access_denied(std::string text, std::source_location w = std::source_location::current());
Failure foreign_ciphertext(std::source_location w = std::source_location::current());
Failure validation(std::string text, std::source_location w = std::source_location::current());
Failure missing_member(std::string_view path, std::source_location w = std::source_location::current());
Failure not_found(std::string text, std::source_location w = std::source_location::current());
Failure invalid_ciphertext(std::source_location w = std::source_location::current());
Failure incorrect_key(std::source_location w = std::source_location::current());
Failure invalid_state(std::string_view arn, std::string_view what,
                      std::source_location w = std::source_location::current());
Failure key_disabled(std::string_view arn, std::source_location w = std::source_location::current());
Failure wrong_usage(std::string_view arn, std::string_view usage, std::string_view operation,
                    std::source_location w = std::source_location::current());
Failure wrong_algorithm(std::string_view algorithm, std::string_view spec,
                        std::source_location w = std::source_location::current());
// "… origin is EXTERNAL which is not valid for this operation."
Failure wrong_origin(std::string_view arn, std::string_view origin,
                     std::source_location w = std::source_location::current());
Failure too_many_tags(std::source_location w = std::source_location::current());
Failure dry_run(std::source_location w = std::source_location::current());
Failure unsupported(std::string text, std::source_location w = std::source_location::current());
Failure internal(std::string detail, std::source_location w = std::source_location::current());

// What a failure of the cluster or the store is to the caller of `operation`. The detail is kept apart.
// Errc::data_invalid means the caller's ciphertext: say so only of decryption.
Failure failure_of(const Error& error, const model::Operation& operation);

}  // namespace claviger::kms
