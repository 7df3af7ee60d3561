using System.Collections.Immutable;
using CsCheck;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Tests.Hosts;

public class HostDeciderTests
{
    private HostState host = HostState.Empty;
    private long number;

    [Fact]
    public void A_new_job_gets_a_slice_of_its_own_and_its_processes()
    {
        var events = When(Job("shop", 1, "web", "db"));
        Assert.Collection(
            events,
            e => Assert.Equal(0, Assert.IsType<HostEvent.SliceAssigned>(e).Slice),
            e => Assert.Equal("web", Assert.IsType<HostEvent.ProcessAssigned>(e).Assignment.Process.Name),
            e => Assert.Equal("db", Assert.IsType<HostEvent.ProcessAssigned>(e).Assignment.Process.Name));
    }

    [Fact]
    public void Two_new_jobs_at_once_get_two_slices()
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        Assert.Equal([0, 1], host.Slices.Values.Order());
    }

    [Fact]
    public void The_same_desired_state_twice_changes_nothing()
    {
        When(Job("shop", 1, "web"));
        Assert.Empty(WhenNumber(number, Job("shop", 1, "web")));
    }

    [Fact]
    public void An_older_desired_state_neither_stops_a_newer_job_nor_brings_one_back()
    {
        When(Job("old", 1, "p"));
        When(Job("shop", 1, "web"));
        Assert.Empty(WhenNumber(number - 1, Job("old", 9, "p")));
        Assert.Equal("shop", Assert.Single(host.Assigned).Key.Job.Name);
    }

    [Fact]
    public void A_newer_number_is_remembered_even_where_nothing_changes()
    {
        When(Job("shop", 1, "web"));
        Assert.Equal(new HostEvent.DesiredAccepted(7), Assert.Single(WhenNumber(7, Job("shop", 1, "web"))));
        Assert.Equal(7, HostSnapshot.Of(host).ToState().Desired);
        Assert.Throws<System.Diagnostics.UnreachableException>(() => HostState.Evolve(host, new HostEvent.DesiredAccepted(7)));
    }

    [Fact]
    public void A_job_that_comes_late_changes_nothing()
    {
        When(Job("shop", 5, "web"));
        Assert.Empty(WhenNumber(number, Job("shop", 4, "web", "old")));
    }

    [Fact]
    public void A_process_that_left_the_job_leaves_the_host_and_can_come_back()
    {
        When(Job("shop", 1, "web", "db"));
        Assert.Single(When(Job("shop", 2, "web")).OfType<HostEvent.ProcessUnassigned>());
        Assert.False(Assert.Single(host.Leaving).Value.Run);
        When(Job("shop", 3, "web", "db"));
        Assert.Empty(host.Leaving);
    }

    [Fact]
    public void A_job_that_stands_no_longer_there_leaves_whole_and_keeps_its_slice()
    {
        When(Job("shop", 1, "web", "db"), Job("other", 1, "p"));
        Assert.Equal(2, When(Job("other", 1, "p")).OfType<HostEvent.ProcessUnassigned>().Count());
        Assert.Equal(2, host.Slices.Count);
    }

    [Fact]
    public void A_job_without_processes_of_its_own_change_keeps_their_digests()
    {
        When(Job("shop", 1, "web"));
        var before = host.Assigned.Values.Single().Digest;
        When(Job("shop", 2, "web", "db"));
        Assert.Equal(before, host.Assigned.Values.Single(a => a.Process.Name == "web").Digest);
    }

    [Fact]
    public void Whatever_comes_slices_never_overlap_and_the_newest_generation_wins() =>
        Gen.Select(Gen.Char['a', 'd'], Gen.Long[1, 9], Gen.Char['p', 'r'].Array[1, 3]).Array[1, 4].Select(Gen.Long[1, 9]).Array[1, 12].Sample(states =>
        {
            var state = HostState.Empty;
            foreach (var (jobs, number) in states)
            {
                var desired = jobs.DistinctBy(j => j.Item1).Select(j => Job($"{j.Item1}", j.Item2, [.. j.Item3.Distinct().Select(p => $"{p}")]));
                state = HostDecider.Decide(state, new DesiredState(number, [.. desired])).Aggregate(state, HostState.Evolve);
            }

            return state.Slices.Values.Distinct().Count() == state.Slices.Count
                && state.Assigned.Values.All(a => state.Slices[a.Process.Job] == a.Slice)
                && !state.Assigned.Keys.Any(state.Leaving.ContainsKey)
                && HostSnapshot.Of(state).ToState().Assigned.Count == state.Assigned.Count;
        });

    private static DesiredJob Job(string name, long generation, params string[] processes) => new(
        generation, 1, new JobSpec(JobId.Parse(name), [.. processes.Select(p => new ProcessSpec { Name = p, Executable = "/bin/x" })], []), true, 0, Guid.Empty);

    // Control's next desired state; what is asserted is what it changes.
    private ImmutableArray<HostEvent> When(params DesiredJob[] jobs) => WhenNumber(++number, jobs).Remove(new HostEvent.DesiredAccepted(number));

    private ImmutableArray<HostEvent> WhenNumber(long desired, params DesiredJob[] jobs)
    {
        var events = HostDecider.Decide(host, new DesiredState(desired, [.. jobs]));
        host = events.Aggregate(host, HostState.Evolve);
        return events;
    }
}
