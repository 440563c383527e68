#include <algorithm>

#include "src/kms/context.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/marker.hpp"
#include "src/kms/metadata.hpp"
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
    std::optional<std::string_view> description;  // these of imported material
    std::optional<std::string_view> import_state;
    std::optional<std::string_view> expiration;
    std::optional<WallTime> valid_to;

    static constexpr auto fields() {
        return std::tuple(
            field("KeyId", &RotationEntry::key), field("KeyMaterialId", &RotationEntry::material),
            field("KeyMaterialState", &RotationEntry::state), field("RotationDate", &RotationEntry::date),
            field("RotationType", &RotationEntry::type),
            field("KeyMaterialDescription", &RotationEntry::description),
            field("ImportState", &RotationEntry::import_state),
            field("ExpirationModel", &RotationEntry::expiration), field("ValidTo", &RotationEntry::valid_to));
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

std::string_view state_of(const Key& key, std::string_view material, const store::ImportRecord* import) {
    if (import != nullptr) {
        switch (import->status) {
            case store::ImportStatus::associated: break;
            case store::ImportStatus::pending_rotation: return "PENDING_ROTATION";
            case store::ImportStatus::pending_replicas: return "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";
        }
    }
    return material == key.record.current_material ? "CURRENT" : "NON_CURRENT";
}

RotationEntry entry_of(const Key& key, std::string_view material, WallTime now) {
    const store::ImportRecord* const import = find_import(key, material);
    RotationEntry entry;
    entry.key = key.record.id.value();
    entry.material = material;
    entry.state = state_of(key, material, import);
    if (import == nullptr) {
        return entry;
    }
    const bool here = key.holds(material) && (!import->valid_to || *import->valid_to > now);
    entry.import_state = here ? "IMPORTED" : "PENDING_IMPORT";
    if (!import->description.empty()) {
        entry.description = import->description;
    }
    if (here) {
        entry.expiration = expiration_model(import->valid_to);
        entry.valid_to = import->valid_to;
    }
    return entry;
}

// Names of materials: imported ones by their import, whether or not they are here; the others by being here.
std::vector<std::string_view> names_of(const Key& key) {
    std::vector<std::string_view> names;
    if (key.imports != nullptr) {
        for (const store::ImportRecord& import : *key.imports) {
            names.push_back(import.material);
        }
        return names;
    }
    for (const Generation& generation : key.generations) {
        names.push_back(generation.id);
    }
    return names;
}

// The first material, which came without a rotation; each rotation in order of date; what waits for one.
std::vector<RotationEntry> all_materials(const Key& key, WallTime now) {
    static const std::vector<store::RotationRecord> kNever;
    const auto& past = key.rotations != nullptr ? key.rotations->past : kNever;
    std::vector<RotationEntry> entries;
    for (const std::string_view name : names_of(key)) {
        if (std::ranges::find(past, name, &store::RotationRecord::material) == past.end()) {
            entries.push_back(entry_of(key, name, now));
        }
    }
    for (const store::RotationRecord& rotation : past) {
        entries.push_back(entry_of(key, rotation.material, now));
        entries.back().date = rotation.date;
        entries.back().type = to_string(rotation.type);
    }
    std::ranges::stable_partition(
        entries, [](const RotationEntry& entry) { return !entry.state.starts_with("PENDING"); });
    return entries;
}

Outcome<ListRotationsResponse> handle_list_key_rotations(Call& call, const ListRotationsRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_rotatable(key);
        refused && (key.record.origin != "EXTERNAL" || key.record.spec != kSymmetricDefault)) {
        return *std::move(refused);
    }
    const std::string list = "ListKeyRotations " + key.arn + " " + std::string(request.include);
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    ListRotationsResponse response;
    response.rotations = all_materials(key, call.parts.life.now());
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
    return run(call, handle_list_key_rotations);
}

}  // namespace claviger::kms
