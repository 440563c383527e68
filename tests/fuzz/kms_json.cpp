// Any bytes as the body of any operation: parser, validator, codec, error texts.
#include <cstdint>

#include "src/kms/operation.hpp"
#include "tests/unit/kms/fakes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace claviger;
    static kms::test::Harness api;
    api.audit.keeping = false;
    if (size == 0) {
        return 0;
    }
    // The model's operations in turn; those that create or change rows would let the fake store grow without
    // end.
    const auto operations = model::kms().operations;
    const model::Operation& operation = operations[data[0] % operations.size()];
    const kms::Operation* const row = kms::find_operation(operation.name);
    if (row != nullptr && row->access == kms::Access::write) {
        return 0;
    }
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    const http::Answer answer = api.call(operation.name, body);
    if (answer.status != 200 && answer.body.empty()) {
        __builtin_trap();
    }
    return 0;
}
