// What a host reads and holds open.
#pragma once

#include <optional>
#include <string>

#include <claviger/base/bytes.hpp>
#include <claviger/base/descriptor.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::host {

// nullopt: no such file. io_error also for more than `limit` bytes.
Result<std::optional<SecretBytes>> read_file(const std::string& path, std::size_t limit);
// Makes a directory of mode 0700, or checks that it is ours and nobody else's.
Status<> make_private_directory(const std::string& path);

}  // namespace claviger::host
