// What a vault token needs besides its directory, in a file beside that: serial, and the officer's PIN under
// the sealing key. With both and a backup, a cluster comes back on a machine that has lost its store.
#pragma once

#include <filesystem>

#include <claviger/base/result.hpp>

#include "src/store/records.hpp"

namespace claviger::cloudhsm {

// `directory`: of the vault. io_error.
Status<> keep_vault(const std::filesystem::path& directory, const store::HsmRecord& vault);
// not_found: there is none; integrity: the file is none.
Result<store::HsmRecord> find_vault(const std::filesystem::path& directory);

}  // namespace claviger::cloudhsm
