// Imported key material: what the rows of a key look like when material came, when it went, and when it
// becomes the current one.
#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "src/http/api.hpp"
#include "src/kms/error.hpp"
#include "src/kms/service.hpp"

namespace claviger::kms {

// Empty: the key's material is imported. Otherwise why not.
std::optional<Failure> check_imported(const Key& key);

// nullptr: never imported.
const store::ImportRecord* find_import(const Key& key, std::string_view material) noexcept;
// The material that RotateKeyOnDemand would make current; nullptr: none that is here.
const store::ImportRecord* pending_import(const Key& key) noexcept;

// Is every material here that the key needs, as this transaction sees it? `coming` counts as here. false for
// a key that never had any.
Result<bool> is_complete(store::Txn& txn, const store::KeyRecord& key, std::string_view coming = {});

// The bytes of `import` go, with what `key` loses by that; the rows as this transaction sees them. Its name
// and description stay.
Status<> drop_material(store::Txn& txn, store::KeyRecord& key, store::ImportRecord import);

// What HSMs hold of it, as far as they can be reached; its key token is gone already.
boost::asio::awaitable<void> forget_material(http::IoContext& io, const Key& key, std::string_view material,
                                             MonoTime deadline);

// Removes imported material that has expired. Called from a timer on one io thread, one run at a time; what
// could not be removed now is tried again in the next run. No request uses it meanwhile: see Key::state_at.
class Expirer {
public:
    explicit Expirer(ServiceParts parts) : parts_(parts) {}
    // The number of materials that are gone.
    boost::asio::awaitable<std::size_t> run_due(http::IoContext& io, MonoTime deadline, WallTime wall);

private:
    const ServiceParts parts_;
};

}  // namespace claviger::kms
