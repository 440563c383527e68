#include "src/store/sqlite/counts.hpp"

namespace claviger::store::sqlite {

std::string keys_of(const std::string& account, std::string_view region) {
    return account + '/' + std::string(region);
}

std::string keys_in(const KeyStoreId& store) {
    return "store " + store.value();
}

std::string aliases_of(const std::string& account, std::string_view region, const std::string& key) {
    return keys_of(account, region) + '/' + key;
}

std::string grants_of(const std::string& account, std::string_view region, const std::string& key) {
    return aliases_of(account, region, key) + "/grants";
}

}  // namespace claviger::store::sqlite
