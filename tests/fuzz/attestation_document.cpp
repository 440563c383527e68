// An attestation document from outside: it is read to its end before its signature is looked at. Nothing may
// crash, and only a root's documents verify.
#include <cstdlib>

#include "src/attestation/cbor.hpp"
#include "src/attestation/document.hpp"

namespace {
constexpr std::string_view kRoot =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwDCCAUagAwIBAgIUU8T028eIuc9ZQJEiFIFXgvkCpMswCgYIKoZIzj0EAwMw\n"
    "NjE0MDIGA1UEAwwrVGVzdCByb290IG9mIGF0dGVzdGF0aW9uIGRvY3VtZW50cyA0\n"
    "Y2I0MDk5NzAgFw0yMDAxMDEwMDAwMDBaGA8yMTE5MTIwODAwMDAwMFowNjE0MDIG\n"
    "A1UEAwwrVGVzdCByb290IG9mIGF0dGVzdGF0aW9uIGRvY3VtZW50cyA0Y2I0MDk5\n"
    "NzB2MBAGByqGSM49AgEGBSuBBAAiA2IABC+Nwya5S2R8KgQtiF8SJrYeMv26bFJE\n"
    "PU39SSrzJvbQH7I7QngyJadm8fJZjqqgkOUUJnkTcWvHWbcJLEZwAOBnUkVJ5TZ9\n"
    "SvfI2hfv39g+7mhGC+9fBib0vtj8QX0NOKMTMBEwDwYDVR0TAQH/BAUwAwEB/zAK\n"
    "BggqhkjOPQQDAwNoADBlAjAo4NYLWgzvx78GeKp9O3rJ2C1o/LHLYX08wOd4yBgp\n"
    "pLvzO3mwSl1KvvDyTiG3aoQCMQDasKqCIsBUOr/G133yOksjTLGGVrbCF89VZZdu\n"
    "sMEo7BCVMDn4P3QJfM6QNL4EpOs=\n"
    "-----END CERTIFICATE-----\n";
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace claviger;
    static const attestation::Verifier verifier = attestation::Verifier::from_pem(kRoot).value();
    const ByteView input(reinterpret_cast<const std::byte*>(data), size);
    attestation::CborReader(input).skip();
    const auto document =
        verifier.verify(input, WallTime(std::chrono::hours(490896 + 1)));  // 2026-01-01T01:00Z
    if (!document && document.error().code != Errc::data_invalid) {
        std::abort();
    }
    return 0;
}
