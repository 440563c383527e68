// State directories of HSMs and vaults.
#pragma once

#include <filesystem>

#include <claviger/base/result.hpp>

namespace claviger::cloudhsm {

// With all that is in it. One that is not there is success; io_error names it.
inline Status<> remove_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
        return Error(Errc::io_error, directory.string() + ": cannot remove: " + error.message());
    }
    return done;
}

}  // namespace claviger::cloudhsm
