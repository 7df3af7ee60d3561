using System.Globalization;
using Fleet.RootHelper;
using Fleet.RootHelper.Linux;
using Fleet.Sandboxes;

const string usage = "usage: fleet-root-helper [--prefix DIR]   (a connection on standard input)\n       fleet-root-helper --listen --group GID [--prefix DIR] [--while PID]\n       fleet-root-helper --keep --group GID [--prefix DIR] --while PID   (a listener, started again where it ends before PID)";

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
        [("--listen" or "--keep") and var word, "--group", var group, "--prefix", ['/', ..] prefix, .. var rest] => Listen(word, prefix, group, rest),
        [("--listen" or "--keep") and var word, "--group", var group, .. var rest] => Listen(word, "", group, rest),
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

static int Listen(string word, string prefix, string group, string[] rest) => (word, Number(group), rest) switch
{
    ("--listen", { } gid, []) => new Listener(new Places(prefix), gid, null).Run(),
    ("--listen", { } gid, ["--while", var pid]) when Number(pid) is > 0 and var id => new Listener(new Places(prefix), gid, id).Run(),
    ("--keep", { } gid, ["--while", var pid]) when Number(pid) is > 0 and var id => new Keeper(new Places(prefix), gid, id).Run(),
    _ => Wrong(usage),
};

static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

static int Wrong(string message)
{
    Operator.Tell(message);
    return 2;
}
