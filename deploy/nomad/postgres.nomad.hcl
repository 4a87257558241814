# One PostgreSQL on a host volume. A managed or replicated server is the better choice for production; then register its
# address as the service "thaman-postgres". Variables: nomad/jobs/thaman-postgres.
variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

job "thaman-postgres" {
  datacenters = var.datacenters
  type        = "service"

  group "postgres" {
    count = 1

    network {
      port "db" { static = 5432 }
    }

    volume "data" {
      type      = "host"
      source    = "thaman-postgres"
      read_only = false
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    update {
      max_parallel     = 1
      min_healthy_time = "15s"
      auto_revert      = true
    }

    service {
      name     = "thaman-postgres"
      provider = "nomad"
      port     = "db"

      check {
        type     = "tcp"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "postgres" {
      driver       = "docker"
      kill_signal  = "SIGINT"
      kill_timeout = "60s"

      config {
        image = "postgres:18.1-bookworm"
        args  = ["postgres", "-c", "config_file=/local/postgresql.conf"]
        ports = ["db"]
      }

      volume_mount {
        volume      = "data"
        destination = "/var/lib/postgresql"
      }

      env {
        POSTGRES_DB          = "thaman"
        POSTGRES_INITDB_ARGS = "--encoding=UTF8 --locale=C --data-checksums"
      }

      template {
        destination = "local/postgresql.conf"
        data        = file("../postgres/postgresql.conf")
      }

      template {
        destination = "secrets/postgres.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with nomadVar "nomad/jobs/thaman-postgres" }}
          POSTGRES_PASSWORD={{ .password }}
          {{ end }}
        TEMPLATE
      }

      resources {
        cpu    = 1000
        memory = 2048
      }
    }
  }
}
