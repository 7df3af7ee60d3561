using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.Host.Api;

// What lets a job run that asks for more than the baseline. What could not run as it is asked for is refused before it replaces what does.
public sealed partial class FleetApi
{
    // Grants name a host as its root does, and where root has no policy, nothing is granted by any name.
    private string GrantedName => root.Host() ?? hostName;

    public async Task<UnsafeList> Unsafe()
    {
        var (views, known, now) = (await Views(), await Known(), time.GetUtcNow());
        var found = await Task.WhenAll(views.Select(view => UnsafeMapping.Of(view, known, GrantedName, now, Look)));
        return new UnsafeList([.. found.SelectMany(processes => processes)]);
    }

    // Only this host's kernel can be asked.
    private Task<KernelView?> Look(Observation seen) =>
        seen.Host == hostName && seen.Status is { Pid: not null, Run: { } run } ? sandboxes.Look(run) : Task.FromResult<KernelView?>(null);

    private Task<ImmutableArray<Grant>> Known() => grants.Ask<ImmutableArray<Grant>>(ListGrants.Instance, Patience);

    private async Task<JobCover> Cover(JobSpec spec)
    {
        if (PrivilegeSet.Of(spec).IsBaseline)
        {
            return new JobCover.Baseline();
        }

        return GrantCheck.Cover(spec, await Known(), GrantedName, time.GetUtcNow());
    }

    private async Task Admit(JobSpec spec)
    {
        if (GrantCheck.Check(spec.Id, await Cover(spec), GrantedName) is { } refusal)
        {
            throw new RefusedException(ApiError.Of(refusal));
        }
    }

    /// <returns>The change, of the very version that was looked at.</returns>
    private async Task<JobMessage> Admitted(JobMessage message)
    {
        if (message is not (JobMessage.Start or JobMessage.Restart or JobMessage.Revert))
        {
            return message;
        }

        var view = (await Ask(new JobMessage.Get(message.Job))).Job;
        switch (message)
        {
            case JobMessage.Revert revert:
                var to = revert.To ?? view.Current.Version - 1;
                if (TryFind(view, to, out var version))
                {
                    await Admit(version.Spec);
                }

                return revert with { To = to };
            case JobMessage.Restart:
            case JobMessage.Start when !view.Run:
                await Admit(view.Current.Spec);
                return message;
            default:
                return message;
        }
    }

    private static bool TryFind(JobView view, int number, [NotNullWhen(true)] out JobVersion? version) =>
        (version = view.Versions.FirstOrDefault(v => v.Version == number)) is not null;
}
