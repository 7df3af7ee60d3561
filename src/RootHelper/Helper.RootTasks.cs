using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.RootHelper.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;

namespace Fleet.RootHelper;

/// <summary>A root task, from the request to its receipt: only the last line of <see cref="Run"/> starts anything.</summary>
internal sealed partial class Helper
{
    private void Run(RootRequest.Run run, HostPolicy host)
    {
        entry = entry with { Document = Digest.Of(run.Grant.AsSpan()), Use = run.Use };
        var (request, approvals) = Verified(run.Grant, run.By, run.Approvals, host);
        var grant = Parsed(run.Grant);
        var task = grant.RootTask ?? throw new Denied(RootDenial.NotAGrant, "the grant is for a job, and not for a root task");
        Judge(host.Policy, grant, request, approvals);
        RefuseUnlessUse(grant, task, run.Use);
        using var plan = TaskPlan.Of(grant, task);

        // Once more: to look at what the task needs may have taken as long as the agent wished.
        Judge(host.Policy, grant, request, approvals);
        RefuseWithdrawn();
        state.Burn(grant.Id, run.Use);
        phase = Phase.Burnt;
        using var group = Cgroup.Make($"fleet-root-{grant.Id}.{run.Use}");
        running = state.Runs(grant.Id, run.Use, group);
        RefuseRevoked(grant.Id);
        var started = new RootStarted(grant.Id, run.Use, host.Policy.Host, Now);
        log.Append(entry with { What = RootAct.Starting, At = started.At });
        client.Send(RootFrame.Started, started, RootJson.Default.RootStarted);

        // Before the task, so that who waits for the receipt need not wait for what signs it to be loaded.
        using var signing = SshKeygen.Sign(places.Key, SignatureNamespaces.Receipt);
        Receipt(started, Execute(plan, group), group, signing);
    }

    private static void RefuseUnlessUse(GrantDocument grant, RootTask task, int use)
    {
        if (use > task.UsesPerHost)
        {
            throw new Denied(RootDenial.NoSuchUse, $"{grant.Id} has {task.UsesPerHost} uses on each host, and {use} is none of them");
        }
    }

    // A revocation is written down before it ends what it finds: what it did not find yet is ended here.
    private TaskEnd Execute(TaskPlan plan, Cgroup group)
    {
        using var program = plan.Program();
        var confined = plan.IsConfined ? TaskRoot.Make(plan, program, places, plan.Grant.Id.Text) : null;
        var limits = new TaskLimits(TimeSpan.FromSeconds(plan.Task.TimeoutSeconds), plan.Task.OutputLimit);
        var run = new TaskRun(client, group, limits, () => state.IsRevoked(plan.Grant.Id), confined?.FirstProcess);
        return run.Run((stdout, stderr) => confined?.Start(stdout, stderr) ?? HostTask.Start(plan, program, stdout, stderr));
    }

    private void Receipt(RootStarted started, TaskEnd end, Cgroup group, SshKeygen.Signing signing)
    {
        group.Dispose();
        var (how, ended) = (end.How, Now);
        var head = log.Append(entry with { What = RootAct.Ended, At = ended, ExitCode = end.Child.Code, How = how, Stdout = end.Stdout, Stderr = end.Stderr });
        phase = Phase.Ended;
        RanUnlessLeft(started.Grant, started.Use, group);
        var receipt = JsonSerializer.SerializeToUtf8Bytes(
            new RootReceipt(
                RootReceipt.Version, started.Host, started.Grant, started.Use, entry.Document!.Value, started.At, ended, end.Child.Code, how,
                end.Child.CpuMilliseconds, end.Child.MemoryKilobytes, end.Stdout, end.Stderr, head.Number, head.Digest),
            RootJson.Default.RootReceipt);
        client.Send(RootFrame.Receipt, receipt);
        client.Send(RootFrame.Signature, Encoding.ASCII.GetBytes(signing.Of(receipt)));
        client.End();
    }

    // What cannot be ended is not said to be gone: the next helper looks again.
    private void RanUnlessLeft(GrantId grant, int use, Cgroup group)
    {
        if (group.IsGone)
        {
            state.Ran(grant, use);
        }
    }
}
