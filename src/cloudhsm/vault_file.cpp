#include "src/cloudhsm/vault_file.hpp"

#include <claviger/base/files.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::cloudhsm {
namespace {

constexpr std::uint8_t kVaultFormat = 1;
constexpr std::size_t kMaxText = 64;
constexpr std::size_t kMaxVaultFile = 4096;

std::filesystem::path file_of(const std::filesystem::path& directory) {
    return directory.string() + ".officer";
}

}  // namespace

Status<> keep_vault(const std::filesystem::path& directory, const store::HsmRecord& vault) {
    Bytes content;
    WireWriter(content)
        .number(kVaultFormat)
        .text(vault.id.value())
        .text(vault.zone)
        .text(vault.serial)
        .bytes(vault.sealed_officer_pin);
    return replace_file(file_of(directory), content);
}

Result<store::HsmRecord> find_vault(const std::filesystem::path& directory) {
    const std::filesystem::path file = file_of(directory);
    if (!std::filesystem::exists(file)) {
        return Error(Errc::not_found, file.string() + ": there is no such vault");
    }
    const Result<Bytes> content = read_file(file, kMaxVaultFile);
    if (!content) {
        return content.error();
    }
    WireReader reader(*content);
    const auto format = reader.number<std::uint8_t>();
    store::HsmRecord vault;
    vault.id = HsmId(std::string(reader.text(kMaxText)));
    vault.zone = reader.text(kMaxText);
    vault.serial = reader.text(kMaxText);
    vault.state = "ACTIVE";
    vault.sealed_officer_pin = to_bytes(reader.bytes(kMaxVaultFile));
    if (format != kVaultFormat || !reader.at_end()) {
        return Error(Errc::integrity, file.string() + " was changed");
    }
    return vault;
}

}  // namespace claviger::cloudhsm
