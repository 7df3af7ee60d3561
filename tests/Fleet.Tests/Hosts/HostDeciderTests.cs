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
    public void A_job_for_which_no_slice_is_free_waits_and_the_others_do_not()
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        var desired = new DesiredState(9, [Job("c", 1, "p"), Job("b", 2, "p", "q"), Job("a", 1, "p")]);
        Assert.Equal(["b:p", "b:q"], WhenNumber(9, [.. desired.Jobs]).OfType<HostEvent.ProcessAssigned>().Select(e => e.Assignment.Process.ToString()));
        Assert.Equal("c", Assert.Single(HostDecider.Waiting(host, desired)).Spec.Id.Name);
    }

    [Fact]
    public void Stopped_jobs_are_idle_the_longest_unused_first_and_those_that_run_or_leave_are_not()
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        Assert.Empty(host.Idle);
        When(Stopped("b", 2), Job("a", 1, "p"));
        When(Stopped("a", 2), Stopped("b", 2));
        Assert.Equal(["b", "a"], host.Idle.Select(s => s.Job.Name));
        Assert.Equal(["b", "a"], HostSnapshot.Of(host).ToState().Idle.Select(s => s.Job.Name));
        When(Stopped("a", 2));
        Assert.Equal(["a"], host.Idle.Select(s => s.Job.Name));
        host = HostState.Evolve(host, new HostEvent.ProcessRemoved(ProcessId.Parse("b:p")));
        Assert.Equal(["b", "a"], host.Idle.Select(s => s.Job.Name));
    }

    [Fact]
    public void A_slice_that_was_given_back_is_the_next_jobs_and_the_old_one_gets_another_when_it_starts()
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        When(Stopped("a", 2), Job("b", 1, "p"));
        host = HostState.Evolve(host, new HostEvent.SliceReturned(JobId.Parse("a"), 0));
        Assert.Equal(Assignment.NoSlice, host.Assigned[ProcessId.Parse("a:p")].Slice);
        When(Job("c", 1, "p"), Job("b", 1, "p"), Stopped("a", 2));
        Assert.Equal(0, host.Slices[JobId.Parse("c")]);
        When(Job("c", 1, "p"), Stopped("b", 2), Job("a", 3, "p"));
        Assert.False(host.Assigned[ProcessId.Parse("a:p")].Run);
        host = HostState.Evolve(host, new HostEvent.SliceReturned(JobId.Parse("b"), 1));
        WhenNumber(number, Job("c", 1, "p"), Stopped("b", 2), Job("a", 3, "p"));
        Assert.Equal((true, 1), (host.Assigned[ProcessId.Parse("a:p")].Run, host.Assigned[ProcessId.Parse("a:p")].Slice));
    }

    [Fact]
    public void A_job_that_is_stopped_without_a_slice_stays_without()
    {
        Assert.Empty(When(Stopped("a", 1)));
        When(Job("a", 2, "p"));
        When(Stopped("a", 3));
        host = HostState.Evolve(host, new HostEvent.SliceReturned(JobId.Parse("a"), 0));
        Assert.Equal(Assignment.NoSlice, Assert.IsType<HostEvent.ProcessAssigned>(Assert.Single(When(Stopped("a", 4)))).Assignment.Slice);
    }

    [Theory]
    [InlineData("a", 0)]
    [InlineData("b", 0)]
    [InlineData("c", 1)]
    public void A_slice_of_a_job_that_runs_or_has_another_is_never_given_back(string job, int slice)
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        When(Job("a", 1, "p"), Stopped("b", 2));
        Assert.Throws<System.Diagnostics.UnreachableException>(() => HostState.Evolve(host, new HostEvent.SliceReturned(JobId.Parse(job), slice)));
    }

    [Fact]
    public void Who_waits_is_told_who_holds_the_slices_and_what_to_do()
    {
        When(Job("a", 1, "p"), Job("b", 1, "p"));
        var why = SliceReturn.WhyNot(JobId.Parse("c"), host, [new HeldSlice(JobId.Parse("b"), "/var/vcap/store/b")], 2);
        Assert.StartsWith(
            "no slice of sub-ids is free for c: this host's 2 are held by jobs that are not stopped (1: a) and stopped jobs with something left (1: b, /var/vcap/store/b). Stop a job",
            why, StringComparison.Ordinal);
        Assert.Contains("no stopped jobs", SliceReturn.WhyNot(JobId.Parse("c"), host, [], 2), StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_could_write_elsewhere_keeps_its_slice_also_when_a_later_version_cannot()
    {
        var wide = Job("a", 1, "p");
        wide = wide with { Spec = wide.Spec with { Processes = [wide.Spec.Processes[0] with { Unsafe = new Unsafe(false, [new Volume("/srv", Writable: true)], false) }] } };
        When(wide, Job("b", 1, "p"));
        When(Stopped("a", 2), Stopped("b", 2));
        Assert.Equal(["b"], host.Idle.Select(s => s.Job.Name));
        Assert.Equal(["b"], HostSnapshot.Of(host).ToState().Idle.Select(s => s.Job.Name));
        Assert.Contains("no jobs that are not stopped and stopped jobs with something left (2: b, x; a, what it may have written outside", SliceReturn.WhyNot(JobId.Parse("c"), host, [new HeldSlice(JobId.Parse("b"), "x")], 2), StringComparison.Ordinal);
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
        Gen.Select(Gen.Char['a', 'f'], Gen.Long[1, 9], Gen.Char['p', 'r'].Array[1, 3], Gen.Bool).Array[1, 4].Select(Gen.Long[1, 9]).Array[1, 12].Sample(states =>
        {
            var state = HostState.Empty;
            foreach (var (jobs, number) in states)
            {
                var desired = jobs.DistinctBy(j => j.Item1).Select(j => Job($"{j.Item1}", j.Item2, [.. j.Item3.Distinct().Select(p => $"{p}")]) with { Run = j.Item4 });
                state = HostDecider.Decide(state, new DesiredState(number, [.. desired]), slices: 3, DateTimeOffset.UnixEpoch).Aggregate(state, HostState.Evolve);
                if (state.Used.Count == 3 && state.Idle.FirstOrDefault() is { } idle)
                {
                    state = HostState.Evolve(state, new HostEvent.SliceReturned(idle.Job, idle.Slice));
                }
            }

            return state.Slices.Values.Distinct().Count() == state.Slices.Count
                && state.Slices.Values.All(s => s < 3)
                && state.Used.Count == state.Slices.Count && state.Used.All(state.Slices.ContainsKey)
                && state.Assigned.Values.All(a => a.Slice == (state.Slices.TryGetValue(a.Process.Job, out var slice) ? slice : Assignment.NoSlice))
                && state.Assigned.Values.All(a => !a.Run || a.Slice != Assignment.NoSlice)
                && !state.Assigned.Keys.Any(state.Leaving.ContainsKey)
                && HostSnapshot.Of(state).ToState().Assigned.Count == state.Assigned.Count;
        });

    private static DesiredJob Job(string name, long generation, params string[] processes) => new(
        generation, 1, new JobSpec(JobId.Parse(name), [.. processes.Select(p => new ProcessSpec { Name = p, Executable = "/bin/x" })], []), true, 0, Guid.Empty);

    private static DesiredJob Stopped(string name, long generation) => Job(name, generation, "p") with { Run = false };

    // Control's next desired state; what is asserted is what it changes.
    private ImmutableArray<HostEvent> When(params DesiredJob[] jobs) => WhenNumber(++number, jobs).Remove(new HostEvent.DesiredAccepted(number));

    private ImmutableArray<HostEvent> WhenNumber(long desired, params DesiredJob[] jobs)
    {
        var events = HostDecider.Decide(host, new DesiredState(desired, [.. jobs]), slices: 2, DateTimeOffset.UnixEpoch);
        host = events.Aggregate(host, HostState.Evolve);
        return events;
    }
}
