using Fleet.Bench.Journal;

// events: events per second that the agent's own journal takes. recovery: how much later an agent with 500 processes and 100,000 events is ready.
return args switch
{
    ["events"] => await Throughput.Run(),
    ["recovery"] => await Recovery.Run(),
    _ => throw new ArgumentException("events or recovery"),
};
