#include "src/kms/shared_imports.hpp"

#include <algorithm>
#include <functional>

#include "src/kms/imports.hpp"
#include "src/kms/multi_region.hpp"

namespace claviger::kms {
namespace {

using store::ImportRecord;
using store::ImportStatus;
using Rows = std::vector<store::KeyRecord>;

Result<std::optional<ImportRecord>> find_import(store::Txn& txn, const store::KeyRecord& key,
                                                std::string_view material) {
    const Result<std::vector<ImportRecord>> imports = txn.imports(key.account, key.region, key.id);
    if (!imports) {
        return imports.error();
    }
    const auto found = std::ranges::find(*imports, material, &ImportRecord::material);
    return found == imports->end() ? std::optional<ImportRecord>() : std::optional(*found);
}

// The first thing that went wrong, if anything did.
Status<> for_replicas(store::Txn& txn, const store::KeyRecord& primary, const ChangeRow& change) {
    if (!primary.multi_region) {
        return done;
    }
    Result<Rows> rows = txn.related_keys(primary.account, primary.id);
    if (!rows) {
        return std::move(rows).error();
    }
    for (store::KeyRecord& row : *rows) {
        if (row.region == primary.region) {
            continue;
        }
        Status<> written = change(row);
        written = written ? txn.put(std::move(row)) : written;
        if (!written) {
            return written;
        }
    }
    return done;
}

Result<bool> is_everywhere(store::Txn& txn, const Rows& rows, std::string_view material) {
    for (const store::KeyRecord& row : rows) {
        const auto held = txn.material(row.account, row.region, row.id, material);
        if (!held) {
            return held.error();
        }
        if (!*held) {
            return false;
        }
    }
    return true;
}

// The row, if it waits and does not say `status` yet.
Result<std::optional<ImportRecord>> stale_row(store::Txn& txn, const store::KeyRecord& key,
                                              std::string_view material, ImportStatus status) {
    Result<std::optional<ImportRecord>> row = find_import(txn, key, material);
    if (row && *row && ((**row).status == status || (**row).status == ImportStatus::associated)) {
        return std::optional<ImportRecord>();
    }
    return row;
}

Status<> write_status(store::Txn& txn, const store::KeyRecord& key, std::string_view material,
                      ImportStatus status) {
    return change_related(txn, key, [&](store::KeyRecord& row) -> Status<> {
        Result<std::optional<ImportRecord>> import = stale_row(txn, row, material, status);
        if (!import) {
            return std::move(import).error();
        }
        if (!*import) {
            return done;
        }
        (**import).status = status;
        return txn.put(**std::move(import));
    });
}

}  // namespace

Status<> share_import(store::Txn& txn, const store::KeyRecord& primary, const ImportRecord& import) {
    return for_replicas(txn, primary, [&](store::KeyRecord& row) -> Status<> {
        const Result<std::optional<ImportRecord>> known = find_import(txn, row, import.material);
        if (!known) {
            return known.error();
        }
        ImportRecord copy = *known ? **known : import;
        if (!*known) {
            copy.region = row.region;
            copy.valid_to.reset();
            copy.version = 0;
        }
        copy.description = import.description;
        if (row.current_material.empty() && copy.status == ImportStatus::associated) {
            row.current_material = import.material;
        }
        return txn.put(std::move(copy));
    });
}

Status<> associate(store::Txn& txn, const store::KeyRecord& key, std::string_view material) {
    return write_status(txn, key, material, ImportStatus::associated);
}

Status<> settle_pending(store::Txn& txn, const store::KeyRecord& key) {
    if (!key.multi_region || key.origin != "EXTERNAL") {
        return done;
    }
    const Result<Rows> rows = txn.related_keys(key.account, key.id);
    const Result<std::vector<ImportRecord>> imports = txn.imports(key.account, key.region, key.id);
    if (!rows || !imports) {
        return !rows ? rows.error() : imports.error();
    }
    for (const ImportRecord& import : *imports) {
        if (import.status == ImportStatus::associated) {
            continue;
        }
        const Result<bool> everywhere = is_everywhere(txn, *rows, import.material);
        if (!everywhere) {
            return everywhere.error();
        }
        const auto status = *everywhere ? ImportStatus::pending_rotation : ImportStatus::pending_replicas;
        if (Status<> written = write_status(txn, key, import.material, status); !written) {
            return written;
        }
    }
    return done;
}

Status<> forget_in_replicas(store::Txn& txn, const store::KeyRecord& primary, std::string_view material,
                            Forget what) {
    return for_replicas(txn, primary, [&](store::KeyRecord& row) -> Status<> {
        Result<std::optional<ImportRecord>> import = find_import(txn, row, material);
        if (!import) {
            return std::move(import).error();
        }
        if (!*import) {
            return done;
        }
        return what == Forget::bytes ? drop_material(txn, row, **std::move(import))
                                     : txn.erase_import(row.account, row.region, row.id, material);
    });
}

}  // namespace claviger::kms
