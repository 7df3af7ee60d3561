using System.Globalization;
using Fleet.RootHelper;
using Fleet.RootHelper.Linux;

const string usage = "usage: fleet-root-helper [--prefix DIR]   (a connection on standard input)\n       fleet-root-helper --listen --group GID [--prefix DIR]";

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
        ["--listen", "--group", var group, .. var rest] when int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var gid) => rest switch
        {
            [] => new Listener(new Places(""), gid).Run(),
            ["--prefix", ['/', ..] prefix] => new Listener(new Places(prefix), gid).Run(),
            _ => Wrong(usage),
        },
        _ => Wrong(usage),
    };
}
catch (IOException e)
{
    return Wrong(e.Message);
}

static int Wrong(string message)
{
    Console.Error.WriteLine($"fleet-root-helper: {message}");
    return 2;
}
