using CsCheck;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Fleet.Tests.Grants;

namespace Fleet.Tests.RootTasks;

public class RootRequestTests
{
    private static readonly RootRequest.Run Run = new(
        [.. Fleet.Grants.GrantFormat.Write(GrantSample.ForTask)], new PresentedSignature("alice@example.com", "armor"),
        [new PresentedSignature("bob", "armor of bob"), new PresentedSignature("carol", "")], 2);

    private static readonly RootRequest.StartJob Start = new(
        Run.Grant, Run.By, Run.Approvals, [1, 2, 3], "dämon", SandboxPhase.PreStart, RunId.Parse("silk.daemon-0123456789ab"), 7, new UserIds(1000, 1001));

    [Fact]
    public void A_request_to_run_is_read_back_with_the_very_bytes_of_its_grant()
    {
        var read = Assert.IsType<RootRequest.Run>(RootRequest.Read(RootRequest.Write(Run)));

        Assert.Equal(Run.Grant.ToArray(), read.Grant.ToArray());
        Assert.Equal((Run.By, Run.Use), (read.By, read.Use));
        Assert.Equal(Run.Approvals.ToArray(), read.Approvals.ToArray());
    }

    [Fact]
    public void The_other_requests_are_read_back()
    {
        Assert.Equal(new RootRequest.Log(41), RootRequest.Read(RootRequest.Write(new RootRequest.Log(41))));
        var revoke = Assert.IsType<RootRequest.Revoke>(RootRequest.Read(RootRequest.Write(new RootRequest.Revoke([1, 2], new PresentedSignature("bob", "armor")))));
        Assert.Equal([1, 2], revoke.Revocation.ToArray());
        Assert.Equal(new PresentedSignature("bob", "armor"), revoke.By);
    }

    [Fact]
    public void The_start_of_a_job_is_read_back()
    {
        var read = Assert.IsType<RootRequest.StartJob>(RootRequest.Read(RootRequest.Write(Start)));

        Assert.Equal(Start.Grant.ToArray(), read.Grant.ToArray());
        Assert.Equal(Start.Content.ToArray(), read.Content.ToArray());
        Assert.Equal(Start.Approvals.ToArray(), read.Approvals.ToArray());
        Assert.Equal(Start, read with { Grant = Start.Grant, Content = Start.Content, Approvals = Start.Approvals });
    }

    [Fact]
    public void What_takes_no_signature_of_a_job_is_read_back()
    {
        var run = RunId.Parse("silk.daemon-0");
        Assert.All(
            (RootRequest[])[new RootRequest.SignalJob(run, StopSignal.Quit), new RootRequest.RemoveJob(run), new RootRequest.LookAtJob(run)],
            request => Assert.Equal(request, RootRequest.Read(RootRequest.Write(request))));
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, 7)]
    public void The_start_of_a_job_has_no_number_below_zero_and_no_phase_that_there_is_not(int slice, int user, int phase) => Assert.Null(RootRequest.Read(RootRequest.Write(
        Start with { Slice = slice, User = new UserIds(user, 0), Phase = (SandboxPhase)phase })));

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void A_signal_is_one_of_those_that_a_stop_ladder_has(int signal) => Assert.Equal(
        Enum.IsDefined((StopSignal)signal), RootRequest.Read(RootRequest.Write(new RootRequest.SignalJob(RunId.Parse("a"), (StopSignal)signal))) is not null);

    [Fact]
    public void A_hundred_thousand_broken_starts_of_jobs_are_read_or_refused_and_never_crash()
    {
        var whole = RootRequest.Write(Start);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length]).Sample(
            (at, value, length) =>
            {
                var bytes = whole.ToArray();
                bytes[at] = value;
                _ = RootRequest.Read(bytes.AsSpan(0, length));
            },
            iter: 100_000);
    }

    [Fact]
    public void A_request_that_lacks_its_end_is_none()
    {
        var whole = RootRequest.Write(Run with { Approvals = [new PresentedSignature("bob", "armor")] });
        var withoutApprovals = RootRequest.Write(Run with { Approvals = [] }).Length;

        Assert.All(Enumerable.Range(0, whole.Length).Where(length => length != withoutApprovals), length => Assert.Null(RootRequest.Read(whole.AsSpan(0, length))));
    }

    [Fact]
    public void A_request_with_a_byte_too_many_is_none() => Assert.Null(RootRequest.Read([.. RootRequest.Write(new RootRequest.Log(1)), 0]));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Uses_are_counted_from_one(int use) => Assert.Null(RootRequest.Read(RootRequest.Write(Run with { Use = use })));

    [Fact]
    public void More_signatures_than_are_looked_at_are_refused() => Assert.Null(RootRequest.Read(RootRequest.Write(
        Run with { Approvals = [.. Enumerable.Repeat(new PresentedSignature("bob", "x"), RootRequest.MostApprovals + 1)] })));

    [Fact]
    public void A_length_that_reaches_beyond_the_end_or_below_zero_is_refused()
    {
        var bytes = RootRequest.Write(Run);
        Assert.All((int[])[-1, int.MinValue, int.MaxValue, bytes.Length], length =>
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), length);
            Assert.Null(RootRequest.Read(bytes));
        });
    }

    [Fact]
    public void A_hundred_thousand_broken_requests_are_read_or_refused_and_never_crash()
    {
        var whole = RootRequest.Write(Run);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length]).Sample(
            (at, value, length) =>
            {
                var bytes = whole.ToArray();
                bytes[at] = value;
                var read = RootRequest.Read(bytes.AsSpan(0, length));
                return read is null || RootRequest.Write(read).SequenceEqual(bytes[..length]);
            },
            iter: 100_000);
    }

    [Theory]
    [InlineData(RootFrame.Stdout, 0)]
    [InlineData(RootFrame.Receipt, RootFrames.Longest)]
    public void The_head_of_a_frame_is_read_back(RootFrame kind, int length)
    {
        var head = new byte[RootFrames.HeadLength];
        RootFrames.WriteHead(head, kind, length);

        Assert.Equal((kind, length), RootFrames.ReadHead(head));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'O', 0, 1, 0, 1 })]
    [InlineData(new byte[] { (byte)'O', 255, 255, 255, 255 })]
    [InlineData(new byte[] { (byte)'x', 0, 0, 0, 1 })]
    public void A_frame_that_is_too_long_or_unknown_is_none(byte[] head) => Assert.Null(RootFrames.ReadHead(head));
}
