using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Host.Api;
using Fleet.Jobs;

namespace Fleet.Host.Agent;

/// <summary>
/// Stored secrets and files that no version of any job names: a submission had put them there and was then refused, or the agent was killed before it was
/// recorded. Every version can be reverted to, so what one names stays.
/// </summary>
internal sealed class UnnamedContents(ContentStore contents, IActorRef jobs, IActorRef host, TimeSpan patience)
{
    private const int InOneEvent = 1000;

    /// <summary>The event first, then the files. Killed in between, the next start does both again.</summary>
    public async Task Remove()
    {
        var views = await jobs.Ask<ImmutableArray<JobView>>(ListJobs.Instance, patience);
        var named = views.SelectMany(v => v.Versions).SelectMany(v => JobContents.Of(v.Spec)).ToHashSet();
        foreach (var some in contents.Unnamed(named).Chunk(InOneEvent))
        {
            await host.Ask<Ready>(new RemoveContents([.. some]), patience);
            contents.Remove(some);
        }

        contents.Remove([]);
    }
}
