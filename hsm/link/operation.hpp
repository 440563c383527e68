// One row per operation of the data socket: lane, cost class, and whether it may be repeated on another HSM.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace claviger::link {

// Values are wire values: append, never renumber.
enum class Operation : std::uint8_t {
    encrypt = 1,
    decrypt = 2,
    re_encrypt = 3,
    generate_data_key = 4,
    random = 5,
    create_key = 6,   // generate in the token, answer the key token
    load_key = 7,     // unwrap a key token and verify its check value
    destroy_key = 8,  // forget the session object and destroy token objects of this key
    prove = 9,        // sign the admission challenge with the cluster identity
    canary = 10,      // check value of the cluster's check token, through the fast lane
    mac = 11,
    sign = 12,
    rsa_decrypt = 13,
    derive = 14,
    generate_pair = 15,  // a key pair for the caller, answered in the clear
    import_key = 16,     // open wrapped material of the caller, answer its key token
};

enum class Lane : std::uint8_t { fast, slow };

// Lateness counts as evidence against an HSM only within its class.
enum class CostClass : std::uint8_t { fast, load, slow, generate };

enum class Repeat : std::uint8_t {
    freely,       // idempotent: a late or failed attempt goes to another HSM
    unless_late,  // a failed attempt does; a late one only when the host's process is gone, and at most once
    when_host_died,  // only when the host's process is gone, and at most once
};

// Whether a host serves it before its control socket has admitted it: admission itself needs proof and
// canary.
enum class Gate : std::uint8_t { admitted, always };

struct OperationRow {
    Operation operation;
    std::string_view name;
    Lane lane;
    CostClass cost;
    Repeat repeat;
    Gate gate;
};

inline constexpr std::array kOperations{
    OperationRow{Operation::encrypt, "encrypt", Lane::fast, CostClass::fast, Repeat::freely, Gate::admitted},
    OperationRow{Operation::decrypt, "decrypt", Lane::fast, CostClass::fast, Repeat::freely, Gate::admitted},
    OperationRow{Operation::re_encrypt, "re_encrypt", Lane::fast, CostClass::fast, Repeat::freely,
                 Gate::admitted},
    OperationRow{Operation::generate_data_key, "generate_data_key", Lane::fast, CostClass::fast,
                 Repeat::freely, Gate::admitted},
    OperationRow{Operation::random, "random", Lane::fast, CostClass::fast, Repeat::freely, Gate::admitted},
    OperationRow{Operation::create_key, "create_key", Lane::slow, CostClass::generate, Repeat::when_host_died,
                 Gate::admitted},
    OperationRow{Operation::load_key, "load_key", Lane::slow, CostClass::load, Repeat::freely,
                 Gate::admitted},
    OperationRow{Operation::destroy_key, "destroy_key", Lane::slow, CostClass::slow, Repeat::freely,
                 Gate::admitted},
    OperationRow{Operation::prove, "prove", Lane::slow, CostClass::slow, Repeat::freely, Gate::always},
    OperationRow{Operation::canary, "canary", Lane::fast, CostClass::fast, Repeat::freely, Gate::always},
    OperationRow{Operation::mac, "mac", Lane::fast, CostClass::fast, Repeat::freely, Gate::admitted},
    OperationRow{Operation::sign, "sign", Lane::slow, CostClass::slow, Repeat::unless_late, Gate::admitted},
    OperationRow{Operation::rsa_decrypt, "rsa_decrypt", Lane::slow, CostClass::slow, Repeat::unless_late,
                 Gate::admitted},
    OperationRow{Operation::derive, "derive", Lane::slow, CostClass::slow, Repeat::unless_late,
                 Gate::admitted},
    OperationRow{Operation::generate_pair, "generate_pair", Lane::slow, CostClass::generate,
                 Repeat::when_host_died, Gate::admitted},
    OperationRow{Operation::import_key, "import_key", Lane::slow, CostClass::generate, Repeat::unless_late,
                 Gate::admitted},
};

// The row of an operation, or nullptr for a value no version has defined.
constexpr const OperationRow* find_operation(Operation operation) noexcept {
    for (const OperationRow& row : kOperations) {
        if (row.operation == operation) {
            return &row;
        }
    }
    return nullptr;
}

// One attempt's time, and how much work of the class one HSM may have outstanding.
struct CostLimits {
    std::chrono::milliseconds attempt;
    std::uint32_t outstanding;
};

constexpr CostLimits limits_of(CostClass cost) noexcept {
    switch (cost) {
        case CostClass::fast: return {std::chrono::milliseconds(150), 4096};
        case CostClass::load: return {std::chrono::milliseconds(500), 1024};
        case CostClass::slow: return {std::chrono::milliseconds(2000), 256};
        case CostClass::generate: return {std::chrono::milliseconds(20000), 16};
    }
    return {};
}

}  // namespace claviger::link
