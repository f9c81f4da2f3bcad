package dev.carpool.metrics;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of one HTTP connection, one after the other: no further one is read before the last answer
 * has been handed to the socket. Confined to its channel's event loop; pages are rendered elsewhere.
 */
final class HttpRequests extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger log = LoggerFactory.getLogger(HttpRequests.class);

    /** Seconds for the first request, for each further one (a scraper comes once a minute), and for taking an answer. */
    static final int FIRST_REQUEST = 10;

    static final int NEXT_REQUEST = 90;
    static final int ANSWER = 30;
    private static final int LINGER = 2;

    private final Pages pages;
    private final Access access;
    private final Executor expensive;

    /** Requests that came with, or right behind, the one that is being answered. */
    private final Deque<FullHttpRequest> waiting = new ArrayDeque<>();

    private boolean answering;

    /** Ends the connection when the request or the taking of its answer is late. */
    private @Nullable ScheduledFuture<?> deadline;

    HttpRequests(Pages pages, Access access, Executor expensive) {
        this.pages = pages;
        this.access = access;
        this.expensive = expensive;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        if (context.channel().isActive()) {
            within(context, FIRST_REQUEST);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        within(context, FIRST_REQUEST);
    }

    private void within(ChannelHandlerContext context, int seconds) {
        ScheduledFuture<?> before = deadline;
        if (before != null) {
            before.cancel(false);
        }
        deadline = context.executor().schedule(() -> context.close(), seconds, TimeUnit.SECONDS);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        ScheduledFuture<?> last = deadline;
        if (last != null) {
            last.cancel(false);
        }
        for (FullHttpRequest request = waiting.poll(); request != null; request = waiting.poll()) {
            request.release();
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (answering) {
            waiting.add(request.retain());
        } else {
            serve(context, request);
        }
    }

    private void serve(ChannelHandlerContext context, FullHttpRequest request) {
        answering = true;
        context.channel().config().setAutoRead(false);
        within(context, ANSWER);
        boolean head = request.method().equals(HttpMethod.HEAD);
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        Page.Content refusal = refuse(request);
        if (refusal != null) {
            if (request.decoderResult().isSuccess()) {
                answer(context, refusal, head, keepAlive);
            } else {
                write(context, refusal, head, false).addListener(written -> linger(context));
            }
            return;
        }
        Pages.Row row = pages.find(path(request));
        if (row == null) {
            answer(context, JsonPage.problem(404, "no such page", "there are " + pages.paths()), head, keepAlive);
            return;
        }
        String accept = request.headers().get(HttpHeaderNames.ACCEPT, "");
        if (row.probe()) {
            answer(context, render(row, accept), head, keepAlive);
            return;
        }
        try {
            expensive.execute(() -> {
                Page.Content content = render(row, accept);
                context.executor().execute(() -> answer(context, content, head, keepAlive));
            });
        } catch (RejectedExecutionException stopped) {
            context.close();
        }
    }

    private Page.Content render(Pages.Row row, String accept) {
        try {
            return row.page().render(accept);
        } catch (IOException | RuntimeException | LinkageError problem) {
            log.error("{} failed", row.path(), problem);
            return JsonPage.problem(500, "internal error", "see the proxy's log");
        }
    }

    private Page.@Nullable Content refuse(FullHttpRequest request) {
        DecoderResult decoded = request.decoderResult();
        if (!decoded.isSuccess()) {
            return malformed(decoded.cause());
        }
        Pages.Row row = pages.find(path(request));
        if (row == null || !row.probe()) {
            Page.Content denied = access.refuse(request.headers().get(HttpHeaderNames.AUTHORIZATION));
            if (denied != null) {
                return denied;
            }
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            return JsonPage.problem(405, "method not allowed", "use GET or HEAD");
        }
        return null;
    }

    private static Page.Content malformed(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return JsonPage.problem(414, "request line too long", "at most " + HttpPort.LONGEST_LINE + " bytes");
        }
        if (cause instanceof TooLongHttpHeaderException || cause instanceof TooLongFrameException) {
            return JsonPage.problem(431, "headers too large", "at most " + HttpPort.LARGEST_HEADERS + " bytes");
        }
        return JsonPage.problem(400, "malformed request", "HTTP/1.1 is spoken here");
    }

    /** The path without query; what does not begin with a slash is no path of ours. */
    private static String path(FullHttpRequest request) {
        String uri = request.uri();
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    private void answer(ChannelHandlerContext context, Page.Content content, boolean head, boolean keepAlive) {
        write(context, content, head, keepAlive).addListener(written -> {
            if (written.isSuccess() && keepAlive) {
                answered(context);
            } else {
                context.close();
            }
        });
    }

    /** Closing while the client still sends would reset the connection and take the answer away from it. */
    private void linger(ChannelHandlerContext context) {
        if (context.channel() instanceof DuplexChannel channel) {
            within(context, LINGER);
            channel.shutdownOutput();
            channel.config().setAutoRead(true);
        } else {
            context.close();
        }
    }

    private static ChannelFuture write(
            ChannelHandlerContext context, Page.Content content, boolean head, boolean keepAlive) {
        HttpResponseStatus status = HttpResponseStatus.valueOf(content.status());
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(content.body()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, content.type())
                .set(HttpHeaderNames.CONTENT_LENGTH, content.body().length)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set("X-Content-Type-Options", "nosniff");
        if (content.status() == 401) {
            response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"carpool\"");
        } else if (content.status() == 405) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        HttpUtil.setKeepAlive(response, keepAlive);
        return context.writeAndFlush(response);
    }

    private void answered(ChannelHandlerContext context) {
        answering = false;
        FullHttpRequest next = waiting.poll();
        if (next == null) {
            within(context, NEXT_REQUEST);
            context.channel().config().setAutoRead(true);
            return;
        }
        try {
            serve(context, next);
        } finally {
            next.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.debug("HTTP {}: {}", context.channel().remoteAddress(), cause.toString());
        }
        context.close();
    }
}
