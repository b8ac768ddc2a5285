#!/usr/bin/env escript
%% erlang_peer.escript - a DTLS 1.2 client or server on Erlang's ssl, for erlang_test.sh.
%%
%%     escript erlang_peer.escript server PORT PEM      echoes every record; one association at a time
%%     escript erlang_peer.escript client PORT          any certificate will do
%%
%% Lines of stdin are sent as records. `:rehandshake` begins one (in a server, with a HelloRequest), `:close` closes.
%% What happens is a line of stdout each.
-mode(compile).

main(["server", Port, Pem]) ->
    start(),
    {ok, Listener} = ssl:listen(list_to_integer(Port),
                                [{ip, {127, 0, 0, 1}}, {certfile, Pem}, {keyfile, Pem} | options()]),
    say("listening", []),
    serve(Listener);
main(["client", Port]) ->
    start(),
    case ssl:connect({127, 0, 0, 1}, list_to_integer(Port), [{verify, verify_none} | options()]) of
        {ok, Socket} -> opened(Socket), talk(Socket, client);
        {error, Reason} -> say("failed: ~p", [Reason])
    end.

start() ->
    {ok, _} = application:ensure_all_started(ssl),
    Main = self(),
    spawn_link(fun() -> read_keyboard(Main) end).

options() ->
    [{protocol, dtls}, {versions, ['dtlsv1.2']}, {active, true}, {mode, list}, {log_level, error}].

say(Format, Arguments) ->
    io:format(Format ++ "~n", Arguments).

read_keyboard(Main) ->
    case io:get_line("") of
        Line when is_list(Line) ->
            Main ! {typed, string:trim(Line)},
            read_keyboard(Main);
        _ ->
            ok
    end.

serve(Listener) ->
    {ok, Accepted} = ssl:transport_accept(Listener),
    case ssl:handshake(Accepted) of
        {ok, Socket} -> opened(Socket), talk(Socket, server);
        {error, Reason} -> say("failed: ~p", [Reason])
    end,
    serve(Listener).

opened(Socket) ->
    {ok, Information} = ssl:connection_information(Socket, [selected_cipher_suite]),
    say("open ~s", [ssl:suite_to_str(proplists:get_value(selected_cipher_suite, Information))]).

talk(Socket, Role) ->
    receive
        {ssl, Socket, Data} ->
            say("data ~s", [Data]),
            Role =:= client orelse ssl:send(Socket, Data),
            talk(Socket, Role);
        {typed, ":rehandshake"} ->
            say("begins a rehandshake", []),
            %% It returns when the rehandshake is over; data goes on meanwhile.
            spawn(fun() -> say("renegotiate: ~p", [ssl:renegotiate(Socket)]) end),
            talk(Socket, Role);
        {typed, ":close"} ->
            ssl:close(Socket),
            say("closed", []);
        {typed, Line} ->
            ssl:send(Socket, Line),
            talk(Socket, Role);
        {ssl_closed, Socket} ->
            say("closed", []);
        {ssl_error, Socket, Reason} ->
            say("failed: ~p", [Reason])
    end.
