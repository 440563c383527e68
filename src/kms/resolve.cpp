#include "src/kms/resolve.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/context.hpp"
#include "src/kms/multi_region.hpp"
#include "src/policy/authorize.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kAliasPrefix = "alias/";
constexpr std::string_view kReservedPrefix = "alias/aws/";

bool is_key_id(std::string_view text) noexcept {
    return is_multi_region_id(text) || is_uuid(text);
}

bool is_account(std::string_view text) noexcept {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string quoted(std::string_view before, std::string_view value, std::string_view after = {}) {
    std::string text(before);
    return text.append("'").append(value).append("'").append(after);
}

// arn:partition:service:region:account:resource; colons may occur in the resource.
struct Arn {
    std::string_view partition, service, region, account, resource;

    static Arn split(std::string_view text) {
        const auto next = [&text] {
            const std::size_t colon = std::min(text.find(':'), text.size());
            const std::string_view part = text.substr(0, colon);
            text.remove_prefix(std::min(colon + 1, text.size()));
            return part;
        };
        next();
        Arn arn;
        arn.partition = next();
        arn.service = next();
        arn.region = next();
        arn.account = next();
        arn.resource = text;
        return arn;
    }
};

struct Named {
    std::string_view account;
    std::string_view resource;  // "key/…" without its prefix, or "alias/…"
    bool is_alias;
};

class Resolver {
public:
    Resolver(Call& call, const KeyParameter& parameter) : call_(call), parameter_(parameter) {}

    Outcome<KeyPtr> resolve(std::string_view text) {
        if (parameter_.forms == KeyForms::existing_alias) {
            return of_alias({call_.account(), text, true});
        }
        if (text.starts_with("arn:")) {
            return of_arn(text);
        }
        if (text.starts_with(kAliasPrefix)) {
            return of_alias_text({call_.account(), text, true}, text);
        }
        if (!is_key_id(text)) {
            return not_found(quoted("Invalid keyId ", text));
        }
        return of_key({call_.account(), text, false});
    }

private:
    const Catalogue& catalogue() const { return call_.parts.catalogue; }

    Outcome<KeyPtr> of_arn(std::string_view text) {
        const Arn arn = Arn::split(text);
        if (!arn.region.empty() && arn.region != call_.http.region) {
            return not_found("Invalid arn " + std::string(arn.region));
        }
        const bool ours = arn.partition == catalogue().partition() && arn.service == "kms" &&
                          arn.region == call_.http.region && is_account(arn.account);
        if (ours && arn.resource.starts_with("key/") && is_key_id(arn.resource.substr(4))) {
            return of_key({arn.account, arn.resource.substr(4), false});
        }
        if (ours && arn.resource.starts_with(kAliasPrefix) && arn.resource.size() > kAliasPrefix.size()) {
            return of_alias_text({arn.account, arn.resource, true}, text);
        }
        const bool modelled =
            std::ranges::binary_search(call_.model->errors, row_of(ErrorType::invalid_arn).name);
        if (modelled) {
            return Failure(ErrorType::invalid_arn, quoted("Invalid arn ", text));
        }
        return not_found(quoted("Invalid keyId ", text));
    }

    Outcome<KeyPtr> of_alias_text(const Named& named, std::string_view text) {
        switch (parameter_.forms) {
            case KeyForms::any:
            case KeyForms::existing_alias: return of_alias(named);
            case KeyForms::alias_target: return validation("Aliases must refer to keys. Not aliases");
            case KeyForms::id_or_arn: return not_found("Invalid keyId " + std::string(text));
        }
        return internal("unknown form of key parameter");
    }

    Outcome<KeyPtr> of_alias(const Named& named) {
        const AliasPtr alias = catalogue().alias(named.account, call_.http.region, named.resource);
        if (alias == nullptr) {
            return absent(named, "Alias " +
                                     alias_arn(catalogue().partition(), call_.http.region, named.account,
                                               named.resource) +
                                     " is not found.");
        }
        return of_key({named.account, alias->target.value(), false});
    }

    Outcome<KeyPtr> of_key(const Named& named) {
        KeyPtr key = catalogue().key(named.account, call_.http.region, named.resource);
        if (key == nullptr) {
            return absent(named, quoted("Key ",
                                        key_arn(catalogue().partition(), call_.http.region, named.account,
                                                named.resource),
                                        " does not exist"));
        }
        return key;
    }

    // Another account's unknown key reads like one that is refused.
    Failure absent(const Named& named, std::string text) const {
        if (named.account != call_.account()) {
            return access_denied(policy::foreign_denial_text(call_.principal(), parameter_.action));
        }
        return not_found(std::move(text));
    }

    Call& call_;
    const KeyParameter& parameter_;
};

const boost::json::value* given(const Call& call, std::string_view member) {
    return call.input->get_object().if_contains(member);
}

// DryRun with IGNORE_CIPHERTEXT asks for the authorisation only.
bool ignores_ciphertext(const Call& call) {
    const auto* dry = given(call, "DryRun");
    const auto* modifiers = given(call, "DryRunModifiers");
    return dry != nullptr && dry->get_bool() && modifiers != nullptr && !modifiers->get_array().empty();
}

std::string lower_camel(std::string_view member) {
    std::string path(member);
    path.front() = static_cast<char>(path.front() + 32);
    return path;
}

// Decrypt and the source of ReEncrypt.
Outcome<KeyPtr> resolve_with_ciphertext(Call& call, const KeyParameter& parameter) {
    KeyPtr named;
    if (const auto* text = given(call, parameter.member)) {
        Outcome<KeyPtr> found = Resolver(call, parameter).resolve(wire::text_of(*text));
        if (!found) {
            return found;
        }
        named = *std::move(found);
    }
    if (ignores_ciphertext(call)) {
        return named != nullptr ? Outcome<KeyPtr>(named) : missing_member(lower_camel(parameter.member));
    }
    const auto* blob = given(call, parameter.ciphertext);
    if (blob == nullptr) {
        return missing_member(lower_camel(parameter.ciphertext));
    }
    const auto* algorithm = given(call, parameter.algorithm);
    if (algorithm != nullptr && wire::text_of(*algorithm) != kSymmetricDefault) {
        if (named == nullptr) {
            return validation(std::string(parameter.member) + " is required unless the algorithm is " +
                              std::string(kSymmetricDefault) + ".");
        }
        return named;
    }
    const auto view = link::parse_blob(as_bytes(wire::text_of(*blob)));
    if (!view) {
        return invalid_ciphertext();
    }
    if (named != nullptr && named->tag == view->name.key_tag) {
        return named;
    }
    KeyPtr maker = call.parts.catalogue.key_by_tag(call.http.region, view->name.key_tag);
    if (named == nullptr) {
        return maker != nullptr ? Outcome<KeyPtr>(std::move(maker)) : foreign_ciphertext();
    }
    // A blob that names no key at all is damaged; one of another key is a good one in the wrong place.
    return maker != nullptr ? incorrect_key() : invalid_ciphertext();
}

}  // namespace

Outcome<KeyPtr> resolve_key(Call& call, const KeyParameter& parameter) {
    if (!parameter.ciphertext.empty()) {
        return resolve_with_ciphertext(call, parameter);
    }
    const auto* text = given(call, parameter.member);
    if (text == nullptr) {
        return parameter.need == Need::optional ? Outcome<KeyPtr>(KeyPtr{})
                                                : missing_member(lower_camel(parameter.member));
    }
    return Resolver(call, parameter).resolve(wire::text_of(*text));
}

std::optional<Failure> check_alias_name(std::string_view name) {
    if (!name.starts_with(kAliasPrefix)) {
        return validation(
            "Alias must start with the prefix \"alias/\". Please see "
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
    }
    if (name.starts_with(kReservedPrefix)) {
        return Failure(ErrorType::not_authorized, {});
    }
    return std::nullopt;
}

bool named_by_ciphertext_only(const Call& call, const KeyParameter& parameter) {
    return !parameter.ciphertext.empty() && given(call, parameter.member) == nullptr;
}

}  // namespace claviger::kms
