// Rows put, and the counts that follow them.
#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {

template <class Record>
Status<> SqliteTxn::write(SealedTable<Record>& table, Record record, std::vector<Record>& changed) {
    Status<> written = noted(table.write(record, set_of<Record>()));
    if (written) {
        changed.push_back(std::move(record));
    }
    return written;
}

Status<> SqliteTxn::put(KeyRecord record) {
    const bool first = record.version == 0;
    const std::string counted = keys_of(record.account.value(), record.region);
    const std::string held = keys_in(record.key_store);
    Status<> written = write(tables_.keys, std::move(record), change_.keys);
    if (written && first) {
        counts_.raise(counted);
        counts_.raise(held);
    }
    return written;
}

Status<> SqliteTxn::put(AliasRecord record) {
    const Result<std::optional<AliasRecord>> old = alias(record.account, record.region, record.name);
    if (!old) {
        return old.error();
    }
    const std::string counted = aliases_of(record.account.value(), record.region, record.target.value());
    Status<> written = write(tables_.aliases, std::move(record), change_.aliases);
    if (!written) {
        return written;
    }
    if (*old) {
        counts_.lower(aliases_of((*old)->account.value(), (*old)->region, (*old)->target.value()));
    }
    counts_.raise(counted);
    return done;
}

Status<> SqliteTxn::put(GrantRecord record) {
    const bool first = record.version == 0;
    const std::string counted = grants_of(record.account.value(), record.region, record.key.value());
    Status<> written = write(tables_.grants, std::move(record), change_.grants);
    if (written && first) {
        counts_.raise(counted);
    }
    return written;
}

Status<> SqliteTxn::put(MaterialRecord record) {
    return write(tables_.materials, std::move(record), change_.materials);
}
Status<> SqliteTxn::put(RotationScheduleRecord record) {
    return write(tables_.rotation_schedules, std::move(record), change_.rotation_schedules);
}
Status<> SqliteTxn::put(ImportRecord record) {
    return write(tables_.imports, std::move(record), change_.imports);
}
Status<> SqliteTxn::put(RotationRecord record) {
    return write(tables_.rotations, std::move(record), change_.rotations);
}
Status<> SqliteTxn::put(KeyUsageRecord record) {
    return write(tables_.key_usages, std::move(record), change_.key_usages);
}
Status<> SqliteTxn::put(AccountRecord record) {
    return write(tables_.accounts, std::move(record), change_.accounts);
}
Status<> SqliteTxn::put(PrincipalRecord record) {
    return write(tables_.principals, std::move(record), change_.principals);
}
Status<> SqliteTxn::put(AccessKeyRecord record) {
    return write(tables_.access_keys, std::move(record), change_.access_keys);
}
Status<> SqliteTxn::put(ClusterRecord record) {
    return write(tables_.clusters, std::move(record), change_.clusters);
}
Status<> SqliteTxn::put(HsmRecord record) {
    return write(tables_.hsms, std::move(record), change_.hsms);
}
Status<> SqliteTxn::put(KeyStoreRecord record) {
    return write(tables_.key_stores, std::move(record), change_.key_stores);
}
Status<> SqliteTxn::put(SettingRecord record) {
    return write(tables_.settings, std::move(record), change_.settings);
}
Status<> SqliteTxn::put(CloudHsmClusterRecord record) {
    return write(tables_.cloudhsm_clusters, std::move(record), change_.cloudhsm_clusters);
}
Status<> SqliteTxn::put(CloudHsmRecord record) {
    return write(tables_.cloudhsm_hsms, std::move(record), change_.cloudhsm_hsms);
}
Status<> SqliteTxn::put(ClusterUserRecord record) {
    return write(tables_.cluster_users, std::move(record), change_.cluster_users);
}

Status<> SqliteTxn::put(BackupRecord record) {
    return write(tables_.backups, std::move(record), change_.backups);
}

}  // namespace claviger::store::sqlite
