using System.Globalization;
using Fleet.RootHelper;
using Fleet.RootHelper.Linux;
using Fleet.Sandboxes;

const string usage = "usage: fleet-root-helper [--prefix DIR]   (a connection on standard input)\n       fleet-root-helper --listen --group GID [--prefix DIR] [--while PID]";

if (Libc.EffectiveUser() != 0)
{
    return Wrong("this is the one program of Fleet that runs as root, started by systemd or by root");
}

try
{
    return args switch
    {
        [] => Helper.Answer(new Places("")),
        ["--prefix", ['/', ..] prefix] => Helper.Answer(new Places(prefix)),
        ["--listen", "--group", var group, "--prefix", ['/', ..] prefix, .. var rest] => Listen(prefix, group, rest),
        ["--listen", "--group", var group, .. var rest] => Listen("", group, rest),
        ["--over", var run] when RunId.TryParse(run, out var id) => Helper.Over(new Places(""), id),
        ["--over", var run, "--prefix", ['/', ..] prefix] when RunId.TryParse(run, out var id) => Helper.Over(new Places(prefix), id),
        ["--watch", var exit, var program] => Stage.Watch(exit, program),
        ["--become", var parent, var uid, var gid, var groups, var program, .. { Length: > 0 } argv] => Stage.Become(
            int.Parse(parent, CultureInfo.InvariantCulture), int.Parse(uid, CultureInfo.InvariantCulture), int.Parse(gid, CultureInfo.InvariantCulture),
            [.. groups.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(g => int.Parse(g, CultureInfo.InvariantCulture))], program, argv),
        _ => Wrong(usage),
    };
}
catch (IOException e)
{
    return Wrong(e.Message);
}

static int Listen(string prefix, string group, string[] rest) => (Number(group), rest) switch
{
    ({ } gid, []) => new Listener(new Places(prefix), gid, null).Run(),
    ({ } gid, ["--while", var pid]) when Number(pid) is > 0 and var id => new Listener(new Places(prefix), gid, id).Run(),
    _ => Wrong(usage),
};

static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

static int Wrong(string message)
{
    Console.Error.WriteLine($"fleet-root-helper: {message}");
    return 2;
}
