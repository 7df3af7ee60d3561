using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>The table of attacks in the words of its lessons: each is denied and logged, nothing runs, and the helper still answers.</summary>
public sealed class AttackTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void Pkexec_an_empty_argv_of_the_task_or_of_the_helper_itself()
    {
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Grant(), "bob")));
        var code = Tool.Run("/usr/bin/python3", "-c", $"""
            import ctypes, os
            pid = os.fork()
            if pid == 0:
                os.dup2(os.open('/dev/null', os.O_RDWR), 0)
                ctypes.CDLL(None).execve(b'{Tool.Helper}', (ctypes.c_char_p * 1)(None), (ctypes.c_char_p * 1)(None))
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """);
        Assert.Equal("1\n", code);
    }

    [Fact]
    public void Sudo_two_parsers_a_nul_or_a_mebibyte_of_argument()
    {
        var bytes = GrantFormat.Write(Grant("/bin/echo", "nul"));
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Replaced(bytes, "\"nul\"", "\"n\\u0000l\""), "bob")));
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed([.. bytes, (byte)' '], "bob")));
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Replaced(bytes, "\"fleet\"", "\"fleet\": \"shop\", \"fleet\""), "bob")));
        using var socket = host.Connect();
        Assert.ThrowsAny<SocketException>(() => Send(socket, new byte[4 << 20]));
        Assert.Equal(RootDenial.BadRequest, host.Log()[^1].Denial);
        host.AssertUnharmed();
    }

    [Fact]
    public void Sudo_a_root_folder_or_a_config_that_the_agent_offers()
    {
        var bytes = GrantFormat.Write(Grant("/bin/true"));

        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Replaced(bytes, "\"workdir\"", "\"rootfs\": \"/tmp\", \"workdir\""), "bob")));
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Replaced(bytes, "\"workdir\": \"/\"", "\"workdir\": \"../tmp\""), "bob")));
        AssertDenied(RootDenial.BadRequest, host.AskBytes([.. RootRequest.Write(host.Signed(bytes, "bob")), .. "--prefix=/tmp"u8]));
    }

    [Fact]
    public void Sudo_a_grant_for_another_host_or_fleet()
    {
        AssertDenied(RootDenial.WrongHost, host.Run(Grant("/bin/true") with { Hosts = HostSelector.Of("web-2") }));
        AssertDenied(RootDenial.WrongHost, host.Run(Grant("/bin/true") with { Hosts = new([], ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("tier", "db")])) }));
        AssertDenied(RootDenial.WrongFleet, host.Run(Grant("/bin/true") with { Fleet = "other" }));
    }

    [Fact]
    public void Dirty_sock_who_calls_its_socket_by_another_s_id()
    {
        var name = $"{host.Prefix}/x;uid=0;";
        using var socket = Caller.Connect(host.Socket, Agent + 1, Agent, name);
        Send(socket, RootRequest.Write(host.Signed(Grant("/bin/true"), "bob")));

        AssertDenied(RootDenial.NotTheAgent, Answer.Read(socket));
    }

    [Fact]
    public void Whoever_is_not_in_the_agent_s_group_does_not_even_connect() =>
        Assert.Equal(SocketError.AccessDenied, Assert.Throws<SocketException>(() => Caller.Connect(host.Socket, Agent + 1, Agent + 1)).SocketErrorCode);

    [Fact]
    public void Polkit_a_client_that_is_gone_at_every_step()
    {
        var request = RootRequest.Write(host.Signed(Grant("/bin/true"), "bob"));
        var frame = new byte[RootFrames.HeadLength + request.Length];
        RootFrames.WriteHead(frame, RootFrame.Request, request.Length);
        request.CopyTo(frame, RootFrames.HeadLength);
        foreach (var length in (int[])[0, 1, 4, 5, 6, frame.Length / 2, frame.Length - 1])
        {
            using var socket = host.Connect();
            socket.Send(frame, length, SocketFlags.None);
        }

        host.AssertUnharmed();
        Assert.Equal(7, host.Log().Count(e => e.Denial == RootDenial.BadRequest));
    }

    [Fact]
    public void Polkit_a_gibibyte_without_an_end_and_more_idle_connections_than_there_are_helpers()
    {
        var idle = Enumerable.Range(0, 100).Select(_ => host.Connect()).ToList();
        using (var endless = host.Connect())
        {
            Assert.ThrowsAny<SocketException>(() =>
            {
                var block = Enumerable.Repeat((byte)'Q', 1 << 20).ToArray();
                for (var i = 0; i < 1024; i++)
                {
                    endless.Send(block);
                }
            });
        }

        // A hundred stay and say nothing, hundreds come and go.
        for (var i = 0; i < 300; i++)
        {
            host.Connect().Dispose();
        }

        host.AssertUnharmed();
        idle.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void A_use_that_is_none_of_the_grant_s()
    {
        var run = host.Signed(Grant("/bin/true"), "bob");

        AssertDenied(RootDenial.NoSuchUse, host.Ask(run with { Use = 2 }));
        AssertDenied(RootDenial.BadRequest, host.Ask(run with { Use = 0 }));
        AssertDenied(RootDenial.BadRequest, host.Ask(run with { Use = -1 }));
    }

    [Fact]
    public void Sudo_logs_words_that_drive_a_terminal()
    {
        const string Escape = "\u001b[2J\n\u202e", Shown = "\\u001b[2J\\u000a\\u202e";
        var answer = host.Run(Grant(t => t with { Workdir = $"/{Escape}" }, $"/bin/{Escape}"));

        AssertDenied(RootDenial.UnsafePath, answer);
        Assert.Contains(Shown, answer.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains(Shown, host.Log()[^3].Detail, StringComparison.Ordinal);
        AssertDenied(RootDenial.BadSignature, host.Ask(host.Signed(Grant("/bin/true")) with { By = new PresentedSignature($"alice{Escape}".Replace('\u202e', '.'), "x") }));
    }

    [Fact]
    public void An_id_that_is_a_path()
    {
        var grant = Grant("/bin/true");
        AssertDenied(RootDenial.NotAGrant, host.Ask(host.Signed(Replaced(GrantFormat.Write(grant), grant.Id.Text, "../../../etc/x"), "bob")));
    }

    [Theory]
    [InlineData(-2, -1, RootDenial.Over)]
    [InlineData(1, 2, RootDenial.NotYet)]
    [InlineData(1, -1, RootDenial.NotAGrant)]
    [InlineData(-1, 1, null)]
    public void A_window_that_is_not_now(int begins, int ends, RootDenial? denial)
    {
        var grant = Grant("/bin/true");
        var answer = host.Run(grant with { NotBefore = grant.NotBefore.AddMinutes(1 + begins * 30), NotAfter = grant.NotBefore.AddMinutes(1 + ends * 30) });

        Assert.Equal(denial, answer.Refusal?.Code);
        host.AssertUnharmed();
    }

    [Fact]
    public void Git_signatures_and_those_of_other_namespaces()
    {
        var (bytes, run) = (GrantFormat.Write(Grant("/bin/true")), host.Signed(Grant("/bin/true"), "bob"));
        run = run with { Grant = [.. bytes], By = keys.Sign("alice", "fleet-request", bytes) };
        Assert.All((string[])["git", "file", "fleet-request", "fleet-review"], @namespace =>
            AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [keys.Sign("bob", @namespace, bytes)] })));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { By = keys.Sign("alice", "fleet-grant", bytes), Approvals = [keys.Sign("bob", "fleet-grant", bytes)] }));
    }

    private static byte[] Replaced(byte[] bytes, string what, string by)
    {
        var text = Encoding.ASCII.GetString(bytes);
        Assert.Contains(what, text, StringComparison.Ordinal);
        return Encoding.ASCII.GetBytes(text.Replace(what, by, StringComparison.Ordinal));
    }

    private static void Send(Socket socket, byte[] request)
    {
        var head = new byte[RootFrames.HeadLength];
        RootFrames.WriteHead(head, RootFrame.Request, request.Length);
        socket.Send([.. head, .. request]);
    }

    private void AssertDenied(RootDenial denial, Answer answer)
    {
        Assert.Equal(denial, answer.Refusal?.Code);
        Assert.Null(answer.Started);
        Assert.Equal(denial, host.Log()[^1].Denial);
        Assert.Equal(host.Log().Count(e => e.What == RootAct.Starting), Directory.GetFiles($"{host.State}/uses").Length);
        host.AssertUnharmed();
    }
}
