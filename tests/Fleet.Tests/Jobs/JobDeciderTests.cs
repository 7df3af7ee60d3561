using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Tests.Jobs;

public class JobDeciderTests
{
    private static readonly JobId Shop = JobId.Parse("shop");

    private Job job = Job.Absent;
    private long generation;

    [Fact]
    public void The_first_submission_is_version_1_and_runs()
    {
        Assert.Equal(1, Assert.IsType<JobEvent.Submitted>(Assert.Single(When(Submit("a")).Events)).Version);
        Assert.True(job.Run);
    }

    [Fact]
    public void The_same_content_again_is_already_so() => Assert.Equal(Decision<JobEvent>.Nothing, Given(Submit("a")).When(Submit("a")));

    [Fact]
    public void The_same_content_of_a_stopped_job_starts_it_without_a_version()
    {
        Given(Submit("a")).Given(new JobCommand.Stop());
        Assert.IsType<JobEvent.Started>(Assert.Single(When(Submit("a")).Events));
    }

    [Fact]
    public void Other_content_is_the_next_version()
    {
        Assert.Equal(2, Assert.IsType<JobEvent.Submitted>(Assert.Single(Given(Submit("a")).When(Submit("b")).Events)).Version);
        Assert.Equal("uid:1000(alice)", job.Current.By);
    }

    [Fact]
    public void A_submission_with_the_index_of_the_plan_is_taken()
    {
        Given(Submit("a"));
        Assert.Null(When(Submit("b", checkIndex: generation)).Refusal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void A_submission_with_another_index_is_refused_naming_both(long index)
    {
        Given(Submit("a"));
        var refusal = When(Submit("b", index)).Refusal;
        Assert.Equal(RefusalCode.Conflict, refusal!.Code);
        Assert.Contains($"index 1, not {index}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_submission_of_a_new_job_under_a_name_that_is_taken_is_refused_as_such()
    {
        Given(Submit("a"));
        var refusal = When(Submit("b", 0)).Refusal;
        Assert.Equal(RefusalCode.Conflict, refusal!.Code);
        Assert.Contains("the name is taken: the job exists, with index 1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_can_be_asked_of_a_job_that_is_not_there()
    {
        foreach (var command in new JobCommand[] { new JobCommand.Stop(), new JobCommand.Start(), new JobCommand.Restart(), new JobCommand.Revert(null) })
        {
            Assert.Equal(RefusalCode.NotFound, JobDecider.Decide(Job.Absent, command).Refusal!.Code);
        }
    }

    [Fact]
    public void Stop_and_start_change_only_what_is_not_so_already()
    {
        Given(Submit("a"));
        Assert.Empty(When(new JobCommand.Start()).Events);
        Assert.Single(When(new JobCommand.Stop()).Events);
        Assert.Empty(When(new JobCommand.Stop()).Events);
        Assert.Single(When(new JobCommand.Start()).Events);
        Assert.True(job.Run);
    }

    [Fact]
    public void Every_restart_asked_for_counts()
    {
        Given(Submit("a")).Given(new JobCommand.Restart()).Given(new JobCommand.Restart());
        Assert.Equal(2, job.Restarts);
    }

    [Fact]
    public void Revert_goes_to_the_version_before_under_a_new_number()
    {
        Given(Submit("a")).Given(Submit("b"));
        Assert.Equal(new JobEvent.Reverted(3, 1), Assert.Single(When(new JobCommand.Revert(null)).Events));
        Assert.Equal((3, 1), (job.Current.Version, job.Current.RevertOf));
        Assert.Equal(job.Versions[0].Digest, job.Current.Digest);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    public void Revert_to_a_version_that_is_not_there_names_those_that_are(int to)
    {
        Given(Submit("a")).Given(Submit("b"));
        Assert.Contains("versions 1 to 2", When(new JobCommand.Revert(to)).Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Revert_of_the_first_version_has_nowhere_to_go() => Assert.NotNull(Given(Submit("a")).When(new JobCommand.Revert(null)).Refusal);

    [Fact]
    public void Revert_to_the_current_content_is_already_so()
    {
        Given(Submit("a")).Given(Submit("b")).Given(new JobCommand.Revert(1));
        Assert.Equal(Decision<JobEvent>.Nothing, When(new JobCommand.Revert(1)));
    }

    [Fact]
    public void An_event_that_cannot_follow_is_thrown_and_never_skipped() =>
        Assert.Throws<System.Diagnostics.UnreachableException>(() => Fold(Job.Absent, new JobEvent.Submitted(2, Digest.Of("x"), Spec("a"))));

    private static JobSpec Spec(string arg) => new(Shop, [new ProcessSpec { Name = "web", Executable = "/bin/web", Args = [arg] }], []);

    private JobCommand Submit(string arg, long? checkIndex = null) => new JobCommand.Submit(Spec(arg), checkIndex, generation);

    private JobDeciderTests Given(JobCommand command)
    {
        When(command is JobCommand.Submit s ? s with { Generation = generation } : command);
        return this;
    }

    private Decision<JobEvent> When(JobCommand command)
    {
        var decision = JobDecider.Decide(job, command is JobCommand.Submit s ? s with { Generation = generation } : command);
        job = decision.Events.Aggregate(job, Fold);
        generation += decision.Events.Length;
        return decision;
    }

    private static Job Fold(Job job, JobEvent e) => Job.Evolve(job, e, new Envelope
    {
        Id = Guid.Empty, Name = EventCatalog.NameOf(e), Stream = "job/default/shop", Sequence = 1, OccurredAt = default, RecordedAt = default,
        Principal = new Principal("uid:1000(alice)", "so_peercred"), Host = "h", Subject = "shop", Outcome = Outcome.Succeeded, Origin = "unix:1",
        CorrelationId = Guid.Empty, CausationId = Guid.Empty,
    });
}
