// SPDX-License-Identifier: Apache-2.0
//
// Every command of tare, in the order of the help. To add a command, write a file that ends with
// its row, and add the name of the row twice here. The command line parser, help, completion and
// manual pages use the rows.
#pragma once

#include "runtime/command_line/command.h"

namespace tare::runtime {

extern const Command create_row, run_row, start_row, exec_row, state_row, kill_row, delete_row,
    pause_row, resume_row, update_row, checkpoint_row, restore_row, mounts_add_row,
    mounts_remove_row, mounts_show_row, mounts_propagate_row, ns_list_row, ns_show_row, ns_exec_row,
    ns_create_row, ns_delete_row, ns_pin_row, ns_unpin_row, ns_unshare_row, ps_row, wait_row,
    events_row, cgroup_show_row, list_row, gc_row, spec_row, features_row, plan_row, check_row,
    diff_row, why_row, trace_row, info_row, help_row, man_row, completion_row;

inline constexpr const Command* rows[] = {
    &create_row,      &run_row,
    &start_row,       &exec_row,
    &state_row,       &kill_row,
    &delete_row,      &pause_row,
    &resume_row,      &update_row,
    &checkpoint_row,  &restore_row,
    &mounts_add_row,  &mounts_remove_row,
    &mounts_show_row, &mounts_propagate_row,
    &ns_list_row,     &ns_show_row,
    &ns_exec_row,     &ns_create_row,
    &ns_delete_row,   &ns_pin_row,
    &ns_unpin_row,    &ns_unshare_row,
    &ps_row,          &wait_row,
    &events_row,      &cgroup_show_row,
    &list_row,        &gc_row,
    &spec_row,        &features_row,
    &plan_row,        &check_row,
    &diff_row,        &why_row,
    &trace_row,       &info_row,
    &help_row,        &man_row,
    &completion_row,
};

}  // namespace tare::runtime
