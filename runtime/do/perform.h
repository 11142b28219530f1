// SPDX-License-Identifier: Apache-2.0
//
// One function per kind of step. They perform and decide nothing: every value is in the step.
#pragma once

#include "base/result.h"
#include "runtime/do/launch_context.h"
#include "runtime/plan/step.h"

namespace tare::runtime {

// Stage and init: faults only, the host owns the words.
Call<void> perform(const step::JoinNamespace&, LaunchContext&);
Call<void> perform(const step::OpenTree&, LaunchContext&);  // or the host
Call<void> perform(const step::TimeOffsets&, LaunchContext&);
Call<void> perform(const step::EnterCgroup&, LaunchContext&);
Call<void> perform(const step::NewCgroupNamespace&, LaunchContext&);
Call<void> perform(const step::InitialCpus&, LaunchContext&);  // the host
Call<void> perform(const step::FinalCpus&, LaunchContext&);
Call<void> perform(const step::JoinContainer&, LaunchContext&);
Call<void> perform(const step::NewMountNamespace&, LaunchContext&);
Call<void> perform(const step::OpenDescriptors&, LaunchContext&);
Call<void> perform(const step::NewSession&, LaunchContext&);
Call<void> perform(const step::SessionKeyring&, LaunchContext&);
Call<void> perform(const step::OpenAttributes&, LaunchContext&);
Call<void> perform(const step::LoopbackUp&, LaunchContext&);
Call<void> perform(const step::SetHostname&, LaunchContext&);
Call<void> perform(const step::SetDomainname&, LaunchContext&);
Call<void> perform(const step::HostPropagation&, LaunchContext&);
Call<void> perform(const step::AttachRoot&, LaunchContext&);
Call<void> perform(const step::OpenRoot&, LaunchContext&);
Call<void> perform(const step::AllCpus&, LaunchContext&);
Call<void> perform(const step::BecomeRoot&, LaunchContext&);
Call<void> perform(const step::MountFilesystem&, LaunchContext&);
Call<void> perform(const step::MountTree&, LaunchContext&);
Call<void> perform(const step::Remount&, LaunchContext&);
Call<void> perform(const step::SealMount&, LaunchContext&);
Call<void> perform(const step::FindMount&, LaunchContext&);
Call<void> perform(const step::Unmount&, LaunchContext&);
Call<void> perform(const step::MakeDevice&, LaunchContext&);
Call<void> perform(const step::BindDevice&, LaunchContext&);
Call<void> perform(const step::MakeSymlink&, LaunchContext&);
Call<void> perform(const step::WriteSysctl&, LaunchContext&);
Call<void> perform(const step::ReadonlyPath&, LaunchContext&);
Call<void> perform(const step::MaskPath&, LaunchContext&);
Call<void> perform(const step::VerifyMounts&, LaunchContext&);
Call<void> perform(const step::MakeDirectory&, LaunchContext&);
Call<void> perform(const step::MakeConsole&, LaunchContext&);
Call<void> perform(const step::FindHome&, LaunchContext&);
Call<void> perform(const step::EnterRoot&, LaunchContext&);
Call<void> perform(const step::RootPropagation&, LaunchContext&);
Call<void> perform(const step::SetScheduler&, LaunchContext&);
Call<void> perform(const step::SetIoPriority&, LaunchContext&);
Call<void> perform(const step::SetPersonality&, LaunchContext&);
Call<void> perform(const step::SetMemoryPolicy&, LaunchContext&);
Call<void> perform(const step::SetUmask&, LaunchContext&);
Call<void> perform(const step::OwnStdio&, LaunchContext&);
Call<void> perform(const step::TakeStreams&, LaunchContext&);
Call<void> perform(const step::EnterStub&, LaunchContext&);  // returns only with a fault

// The detached tree alone, not kept for the launch.
Call<UniqueFd> clone_tree(const step::OpenTree& step);

// Unmounts what the plan has mounted so far, newest first.
void take_mounts_back(LaunchContext& context);

// Host: errors with their words where the step knows more than its description says.
Result<void> perform(const step::OpenNamespace&, LaunchContext&);
Result<void> perform(const step::FindNetDevice&, LaunchContext&);
Result<void> perform(const step::MoveNetDevice&, LaunchContext&);
Result<void> perform(const step::EnterResctrl&, LaunchContext&);
Result<void> perform(const step::JoinResctrl&, LaunchContext&);
Result<void> perform(const step::MapTree&, LaunchContext&);
Result<void> perform(const step::MakeCgroup&, LaunchContext&);
Result<void> perform(const step::StartScope&, LaunchContext&);
Result<void> perform(const step::OpenCgroup&, LaunchContext&);
Result<void> perform(const step::WriteMappings&, LaunchContext&);
Result<void> perform(const step::OwnPipes&, LaunchContext&);
Result<void> perform(const step::OomScoreAdj&, LaunchContext&);
Result<void> perform(const step::LimitCgroup&, LaunchContext&);
Result<void> perform(const step::RestrictDevices&, LaunchContext&);
Result<void> perform(const step::DelegateCgroup&, LaunchContext&);
Result<void> perform(const step::DivideCgroup&, LaunchContext&);
Result<void> perform(const step::SetRlimit&, LaunchContext&);
Result<void> perform(const step::TakeListener&, LaunchContext&);
Result<void> perform(const step::SendListener&, LaunchContext&);

}  // namespace tare::runtime
