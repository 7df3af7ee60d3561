using Fleet.Client.Cli;

return await Entry.Run(args, (_, _) => HostProgram.Become());
