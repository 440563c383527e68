#include <algorithm>

#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rotation.hpp"

namespace claviger::kms {
namespace {

struct ListRotationsRequest {
    std::string_view include = "ROTATIONS_ONLY";
    std::int64_t limit = 100;  // 1..1000 by the model
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("IncludeKeyMaterial", &ListRotationsRequest::include),
                          field("Limit", &ListRotationsRequest::limit),
                          field("Marker", &ListRotationsRequest::marker));
    }
};

struct RotationEntry {
    std::string_view key;
    std::string_view material;
    std::string_view state;
    std::optional<WallTime> date;
    std::optional<std::string_view> type;

    static constexpr auto fields() {
        return std::tuple(
            field("KeyId", &RotationEntry::key), field("KeyMaterialId", &RotationEntry::material),
            field("KeyMaterialState", &RotationEntry::state), field("RotationDate", &RotationEntry::date),
            field("RotationType", &RotationEntry::type));
    }
};

struct ListRotationsResponse {
    std::vector<RotationEntry> rotations;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("Rotations", &ListRotationsResponse::rotations),
                          field("Truncated", &ListRotationsResponse::truncated),
                          field("NextMarker", &ListRotationsResponse::marker));
    }
};

std::string_view to_string(store::RotationType type) noexcept {
    switch (type) {
        case store::RotationType::automatic: return "AUTOMATIC";
        case store::RotationType::on_demand: return "ON_DEMAND";
    }
    return {};
}

RotationEntry entry_of(const Key& key, std::string_view material) {
    return {key.record.id.value(),
            material,
            material == key.record.current_material ? "CURRENT" : "NON_CURRENT",
            {},
            {}};
}

// The first material, which came without a rotation, then each rotation in order of date.
std::vector<RotationEntry> all_materials(const Key& key) {
    static const std::vector<store::RotationRecord> kNever;
    const auto& past = key.rotations != nullptr ? key.rotations->past : kNever;
    std::vector<RotationEntry> entries;
    for (const Generation& generation : key.generations) {
        if (std::ranges::find(past, generation.id, &store::RotationRecord::material) == past.end()) {
            entries.push_back(entry_of(key, generation.id));
        }
    }
    for (const store::RotationRecord& rotation : past) {
        entries.push_back(entry_of(key, rotation.material));
        entries.back().date = rotation.date;
        entries.back().type = to_string(rotation.type);
    }
    return entries;
}

Outcome<ListRotationsResponse> handle(Call& call, const ListRotationsRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_rotatable(key); refused && key.record.origin != "EXTERNAL") {
        return *std::move(refused);
    }
    const std::string list = "ListKeyRotations " + key.arn + " " + std::string(request.include);
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    ListRotationsResponse response;
    response.rotations = all_materials(key);
    if (request.include == "ROTATIONS_ONLY") {
        std::erase_if(response.rotations, [](const RotationEntry& entry) { return !entry.date; });
    }
    if (const auto last = std::ranges::find(response.rotations, *after, &RotationEntry::material);
        last != response.rotations.end()) {
        response.rotations.erase(response.rotations.begin(), last + 1);
    }
    PageEnd end = end_page(call, list, response.rotations, static_cast<std::size_t>(request.limit),
                           [](const RotationEntry& entry) { return entry.material; });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_key_rotations(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::kms
