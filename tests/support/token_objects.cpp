// What lies on a token, attribute by attribute, as one JSON array: an independent reader, which knows nothing
// of how Claviger makes its objects.
//
//   token-objects MODULE [--user-pin-from-stdin]
//
// Every attribute number that a PKCS#11 v2.40 or vendor's table could hold is asked for, so nothing hides
// behind a number that nobody expects. Boolean attributes are JSON booleans, numbers are numbers, labels are
// texts, all else is hexadecimal; an array of attributes is an object again.
#include <dlfcn.h>
#include <pkcs11-helper-1.0/pkcs11.h>

#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

namespace {

namespace json = boost::json;
using claviger::Bytes;

enum class Form { boolean, number, text, hex, mechanisms, array };
struct Known {
    CK_ATTRIBUTE_TYPE type;
    std::string_view name;
    Form form;
};

constexpr CK_ATTRIBUTE_TYPE kArrayBit = 0x40000000UL;

// PKCS#11 v2.40, base specification, section 4: what our objects have. Others are told by their number.
constexpr Known kKnown[] = {
    {0x000, "CLASS", Form::number},
    {0x001, "TOKEN", Form::boolean},
    {0x002, "PRIVATE", Form::boolean},
    {0x003, "LABEL", Form::text},
    {0x011, "VALUE", Form::hex},
    {0x080, "CERTIFICATE_TYPE", Form::number},
    {0x086, "TRUSTED", Form::boolean},
    {0x100, "KEY_TYPE", Form::number},
    {0x101, "SUBJECT", Form::hex},
    {0x102, "ID", Form::hex},
    {0x103, "SENSITIVE", Form::boolean},
    {0x104, "ENCRYPT", Form::boolean},
    {0x105, "DECRYPT", Form::boolean},
    {0x106, "WRAP", Form::boolean},
    {0x107, "UNWRAP", Form::boolean},
    {0x108, "SIGN", Form::boolean},
    {0x109, "SIGN_RECOVER", Form::boolean},
    {0x10a, "VERIFY", Form::boolean},
    {0x10b, "VERIFY_RECOVER", Form::boolean},
    {0x10c, "DERIVE", Form::boolean},
    {0x121, "MODULUS_BITS", Form::number},
    {0x161, "VALUE_LEN", Form::number},
    {0x162, "EXTRACTABLE", Form::boolean},
    {0x163, "LOCAL", Form::boolean},
    {0x164, "NEVER_EXTRACTABLE", Form::boolean},
    {0x165, "ALWAYS_SENSITIVE", Form::boolean},
    {0x170, "MODIFIABLE", Form::boolean},
    {0x171, "COPYABLE", Form::boolean},
    {0x172, "DESTROYABLE", Form::boolean},
    {0x202, "ALWAYS_AUTHENTICATE", Form::boolean},
    {0x210, "WRAP_WITH_TRUSTED", Form::boolean},
    {0x211 | kArrayBit, "WRAP_TEMPLATE", Form::array},
    {0x212 | kArrayBit, "UNWRAP_TEMPLATE", Form::array},
    {0x600 | kArrayBit, "ALLOWED_MECHANISMS", Form::mechanisms},
};

const Known* find_known(CK_ATTRIBUTE_TYPE type) {
    for (const Known& known : kKnown) {
        if (known.type == type) {
            return &known;
        }
    }
    return nullptr;
}

std::string hexadecimal(CK_ULONG number) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%lx", number);
    return text;
}

void must(const char* what, CK_RV rv) {
    if (rv != CKR_OK) {
        throw std::runtime_error(std::string(what) + ": " + hexadecimal(rv));
    }
}

class Token {
public:
    Token(CK_FUNCTION_LIST_PTR p11, CK_SLOT_ID slot, std::string pin) : p11_(p11) {
        must("C_OpenSession", p11_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session_));
        if (!pin.empty()) {
            must("C_Login",
                 p11_->C_Login(session_, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size()));
        }
    }

    json::array objects() {
        must("C_FindObjectsInit", p11_->C_FindObjectsInit(session_, nullptr, 0));
        std::vector<CK_OBJECT_HANDLE> handles(4096);
        CK_ULONG count = 0;
        must("C_FindObjects", p11_->C_FindObjects(session_, handles.data(), handles.size(), &count));
        must("C_FindObjectsFinal", p11_->C_FindObjectsFinal(session_));
        handles.resize(count);
        json::array all;
        for (const CK_OBJECT_HANDLE handle : handles) {
            all.push_back(attributes_of(handle));
        }
        return all;
    }

private:
    json::object attributes_of(CK_OBJECT_HANDLE object) {
        constexpr CK_ATTRIBUTE_TYPE kNumbers = 0x800;  // beyond the last of the tables
        json::object all;
        for (const CK_ATTRIBUTE_TYPE bits :
             {CK_ATTRIBUTE_TYPE{0}, kArrayBit, CK_ATTRIBUTE_TYPE{0x80000000UL}}) {
            for (CK_ATTRIBUTE_TYPE number = 0; number < kNumbers; ++number) {
                add(object, bits | number, all);
            }
        }
        return all;
    }

    void add(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, json::object& to) {
        const Known* const known = find_known(type);
        CK_ATTRIBUTE attribute{type, nullptr, 0};
        if (p11_->C_GetAttributeValue(session_, object, &attribute, 1) != CKR_OK ||
            attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
            return;
        }
        const std::string name = known == nullptr ? hexadecimal(type) : std::string(known->name);
        if (known != nullptr && known->form == Form::array) {
            to[name] = nested(object, type, attribute.ulValueLen);
            return;
        }
        Bytes value(attribute.ulValueLen);
        attribute.pValue = value.data();
        must("C_GetAttributeValue", p11_->C_GetAttributeValue(session_, object, &attribute, 1));
        value.resize(attribute.ulValueLen);
        to[name] = in_form(value, known == nullptr ? Form::hex : known->form);
    }

    // Three calls: how many, how long each, and what.
    json::value nested(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG size) {
        std::vector<CK_ATTRIBUTE> inner(size / sizeof(CK_ATTRIBUTE));
        CK_ATTRIBUTE outer{type, inner.data(), size};
        must("C_GetAttributeValue", p11_->C_GetAttributeValue(session_, object, &outer, 1));
        std::vector<Bytes> values(inner.size());
        for (std::size_t i = 0; i < inner.size(); ++i) {
            values[i].resize(inner[i].ulValueLen);
            inner[i].pValue = values[i].data();
        }
        must("C_GetAttributeValue", p11_->C_GetAttributeValue(session_, object, &outer, 1));
        json::object all;
        for (std::size_t i = 0; i < inner.size(); ++i) {
            const Known* const known = find_known(inner[i].type);
            all[known == nullptr ? hexadecimal(inner[i].type) : std::string(known->name)] =
                in_form(values[i], known == nullptr ? Form::hex : known->form);
        }
        return all;
    }

    static json::value in_form(const Bytes& value, Form form) {
        if (form == Form::boolean && value.size() == sizeof(CK_BBOOL)) {
            return std::to_integer<int>(value.front()) != 0;
        }
        if (form == Form::number && value.size() == sizeof(CK_ULONG)) {
            return number_at(value, 0);
        }
        if (form == Form::text) {
            return json::value(claviger::as_text(value));
        }
        if (form == Form::mechanisms) {
            json::array all;
            for (std::size_t i = 0; i + sizeof(CK_ULONG) <= value.size(); i += sizeof(CK_ULONG)) {
                all.emplace_back(hexadecimal(number_at(value, i)));
            }
            return all;
        }
        return json::value(claviger::to_hex(value));
    }
    static CK_ULONG number_at(const Bytes& value, std::size_t offset) {
        CK_ULONG number = 0;
        std::memcpy(&number, value.data() + offset, sizeof number);
        return number;
    }

    CK_FUNCTION_LIST_PTR p11_;
    CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

// The one initialised token that the module shows.
CK_SLOT_ID the_slot(CK_FUNCTION_LIST_PTR p11) {
    std::vector<CK_SLOT_ID> slots(64);
    CK_ULONG count = slots.size();
    must("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, slots.data(), &count));
    slots.resize(count);
    for (const CK_SLOT_ID slot : slots) {
        CK_TOKEN_INFO info;
        must("C_GetTokenInfo", p11->C_GetTokenInfo(slot, &info));
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0) {
            return slot;
        }
    }
    throw std::runtime_error("there is no initialised token");
}

void print_objects(const char* path, std::string pin) {
    void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        throw std::runtime_error(dlerror());
    }
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST_PTR p11 = nullptr;
    must("C_GetFunctionList", get == nullptr ? CKR_GENERAL_ERROR : get(&p11));
    must("C_Initialize", p11->C_Initialize(nullptr));
    std::cout << json::serialize(Token(p11, the_slot(p11), std::move(pin)).objects()) << "\n";
    p11->C_Finalize(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "token-objects MODULE [--user-pin-from-stdin]\n";
        return 2;
    }
    try {
        std::string pin;
        if (argc > 2) {
            std::getline(std::cin, pin);
        }
        print_objects(argv[1], std::move(pin));
    } catch (const std::exception& error) {
        std::cerr << "token-objects: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
