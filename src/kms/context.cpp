#include "src/kms/context.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/key_spec.hpp"

namespace claviger::kms {

Outcome<Bytes> canonical(const EncryptionContext& context) {
    Bytes out;
    if (context.pairs == nullptr || context.pairs->empty()) {
        return out;
    }
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    pairs.reserve(context.pairs->size());
    std::size_t size = 0;
    for (const auto& pair : *context.pairs) {
        pairs.emplace_back(pair.key(), wire::text_of(pair.value()));
        size += 8 + pairs.back().first.size() + pairs.back().second.size();
    }
    if (size > kMaxCanonicalContext) {
        return validation("EncryptionContext must not be larger than " +
                          std::to_string(kMaxCanonicalContext) + " bytes, counting 8 bytes for each pair.");
    }
    std::ranges::sort(pairs);
    out.reserve(size);
    link::append_context(out, pairs);
    return out;
}

std::optional<Failure> check_use(const Key& key, std::string_view usage, std::string_view operation,
                                 std::string_view algorithm) {
    if (key.record.usage != usage) {
        return wrong_usage(key.arn, key.record.usage, operation);
    }
    if (!allows_algorithm(key.record.spec, usage, algorithm)) {
        return wrong_algorithm(algorithm, key.record.spec);
    }
    return std::nullopt;
}

std::optional<Failure> check_use(const Key& key, std::string_view operation, std::string_view algorithm) {
    return check_use(key, "ENCRYPT_DECRYPT", operation, algorithm);
}

}  // namespace claviger::kms
