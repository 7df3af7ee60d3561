using System.Text;
using System.Text.RegularExpressions;

namespace Fleet.Host.Hosts;

/// <summary>
/// What has systemd start the root helper (ops/systemd), written for this host: the group that may connect and where the helper is. Neither enabled nor started:
/// from when on something can run as root here, is for people to say.
/// </summary>
internal sealed partial class RootUnitRequirement(HostInitOptions options) : Requirement("root helper's units")
{
    private const string Next = "to serve it: systemctl daemon-reload, then systemctl enable --now fleet-root.socket";

    public override Finding Check() => Files().Select(file => Problem(file.Path, file.Text)).FirstOrDefault(problem => problem is not null)
        ?? (Finding)new Finding.Ok($"{options.Root.SocketUnit} and what belongs to it");

    public override Task<string> Establish()
    {
        RefuseHelper();
        foreach (var (path, text) in Files())
        {
            RootsFolder.Write(path, text);
        }

        return Task.FromResult($"wrote {string.Join(", ", Files().Select(file => file.Path))}; {Next}");
    }

    private (string Path, string Text)[] Files() =>
    [
        (options.Root.SocketUnit, Filled("fleet-root.socket")),
        (options.Root.ServiceUnit, Filled("fleet-root@.service")),
        (options.Root.TemporaryFiles, Filled("fleet-root.conf")),
    ];

    private Finding.Missing? Problem(string path, string text) => RootsPath.Read(path, out var bytes) switch
    {
        RootsPath.Found => Encoding.UTF8.GetString(bytes) == text ? null : new($"{path} is not as this version of Fleet has it for this host", options.Command),
        RootsPath.Wrong wrong => new(wrong.Detail, wrong.Remedy),
        RootsPath.Closed closed => new(closed.Detail, options.Command),
        _ => new($"{path} is missing", options.Command),
    };

    // systemd runs it as root for whoever connects: a program that others can exchange would be root for them.
    private void RefuseHelper()
    {
        var helper = options.Root.Helper;
        if (!Plain().IsMatch(helper + options.RootPrefix))
        {
            throw new HostInitException($"{helper} has characters that mean something in a unit", "install Fleet in a folder such as /usr/local/lib/fleet");
        }

        switch (RootsPath.Open(helper))
        {
            case RootsPath.Found found:
                found.Handle.Dispose();
                _ = RootsPath.Mistake(helper, found.Stat) is { } mistake ? throw Unsafe(mistake) : 0;
                break;
            case RootsPath.Wrong wrong:
                throw Unsafe(wrong);
            default:
                throw new HostInitException($"there is no {helper}", "install Fleet whole: the root helper is beside the program");
        }
    }

    private static HostInitException Unsafe(RootsPath.Wrong wrong) =>
        new($"root must not start the helper from there: {wrong.Detail}", "install Fleet in a folder of root's, such as /usr/local/lib/fleet, and run it from there");

    private string Filled(string name)
    {
        using var reader = new StreamReader(typeof(RootUnitRequirement).Assembly.GetManifestResourceStream(name)!);
        var start = options.RootPrefix.Length == 0 ? options.Root.Helper : $"{options.Root.Helper} --prefix {options.RootPrefix}";
        return reader.ReadToEnd().Replace("@prefix@", options.RootPrefix).Replace("@group@", options.User).Replace("@helper@", start);
    }

    [GeneratedRegex(@"^[A-Za-z0-9/_.+-]+\z")]
    private static partial Regex Plain();
}
