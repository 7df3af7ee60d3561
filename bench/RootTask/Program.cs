using System.Globalization;
using System.Text.Json;
using Fleet;
using Fleet.Bench.RootTask;
using Fleet.Privileges;
using Fleet.RootTasks;
using Fleet.Sandboxes;

// For the measures of the root helper (bench/root.sh):
//   bundle FILTER ROOTFS       the configuration that the helper makes for such a task, on standard output
//   serve SOCKET HOST KEYS     for each line "APPROVALS COMMAND..." asks the helper once, as the user who runs this, and prints the milliseconds
switch (args)
{
    case ["bundle", var filter, var rootfs]:
        var task = People.Task(["/bin/true"]);
        var config = RootTaskSpec.Build(
            task, new PrivilegeSet([new Privilege.RunAsRoot()]), [], new SeccompChoice.Compiled(Convert.ToBase64String(File.ReadAllBytes(filter))), rootfs, null);
        Console.WriteLine(JsonSerializer.Serialize(config, OciJson.Default.OciConfig));
        return 0;
    case ["serve", var socket, var host, var keys]:
        var people = new People(host, keys);
        while (Console.ReadLine()?.Split(' ') is [var approvals, .. var command])
        {
            var request = people.Signed(command, int.Parse(approvals, CultureInfo.InvariantCulture));
            Console.WriteLine(Asking.Milliseconds(socket, request).ToString("0.000", CultureInfo.InvariantCulture));
        }

        return 0;
    default:
        Console.Error.WriteLine("usage: bundle FILTER ROOTFS | serve SOCKET HOST KEYS");
        return 2;
}
