using System.Net.Sockets;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

/// <summary>Root's files about root, in a folder to which only root-owned folders lead, and an agent that is no user of this machine.</summary>
public sealed class RootOfAHost : IDisposable
{
    public const uint Uid = 4242, OtherGroup = 4243;

    private static int count;
    private readonly List<Socket> sockets = [];

    public RootOfAHost()
    {
        Skip.IfNot(Environment.UserName == "root", "giving files to others needs root");
        Folder = $"/run/fleet-doctor-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";
        Places = new RootPlaces(Folder);
    }

    public string Folder { get; }

    public RootPlaces Places { get; init; }

    public HostInitOptions Options => new() { User = "fleet-no-user", State = $"{Folder}/state", RootPrefix = Folder };

    internal AgentIdentity Agent { get; } = new("fleet-x", Uid, [new("fleet-x", Uid), new("builders", OtherGroup)]);

    /// <summary>Writes a file, in folders of root's with mode 0755.</summary>
    public string Write(string path, string content = "", int mode = 0x1A4 /* 0644 */, string owner = "0:0")
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        Own(path, mode, owner);
        return path;
    }

    public string MakeFolder(string path, int mode = 0x1ED /* 0755 */, string owner = "0:0")
    {
        Directory.CreateDirectory(path);
        Own(path, mode, owner);
        return path;
    }

    public string Listen(string path, int mode, string owner)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        sockets.Add(socket);
        Own(path, mode, owner);
        return path;
    }

    public void Dispose()
    {
        sockets.ForEach(socket => socket.Dispose());
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    // The owner first: a change of it takes the set-uid bit.
    private static void Own(string path, int mode, string owner)
    {
        Assert.True(new Command("chown", owner, path).Run().Result.Succeeded);
        Assert.True(new Command("chmod", Convert.ToString(mode, 8).PadLeft(4, '0'), path).Run().Result.Succeeded);
    }
}
