# Thaman's optimizer: api, worker and relay, and a crew where agents shall advise (docs/guides/advice.md). Needs the jobs
# postgres and nats (or servers of your own) and the variables of docs/guides/deploying.md under nomad/jobs/thaman-optimizer.
variable "image" {
  type        = string
  description = "The image, with a tag that is never moved."
}

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "public_url" {
  type        = string
  description = "Where browsers and Salla reach onboarding."
}

variable "crew_url" {
  type        = string
  default     = ""
  description = "The base address of an OpenAI-compatible endpoint. Without it there is no crew, and the other four mean nothing."
}

variable "crew_image" {
  type        = string
  default     = ""
  description = "The image of the Dockerfile's target crew, with a tag that is never moved."
}

variable "crew_model" {
  type        = string
  default     = ""
  description = "The model's name at that endpoint."
}

variable "crew_input_price" {
  type        = string
  default     = ""
  description = "Millionths of a US dollar for a million tokens sent; 0 for a model of your own."
}

variable "crew_output_price" {
  type        = string
  default     = ""
  description = "Millionths of a US dollar for a million tokens received; 0 for a model of your own."
}

variable "search_provider" {
  type        = string
  default     = ""
  description = "tavily or serper, with a key as search_key in nomad/jobs/thaman-optimizer. Without it nothing is searched for."
}

job "thaman-optimizer" {
  datacenters = var.datacenters
  type        = "service"

  update {
    max_parallel      = 1
    min_healthy_time  = "15s"
    healthy_deadline  = "3m"
    progress_deadline = "10m"
    auto_revert       = true
    canary            = 1
  }

  group "api" {
    count = 2

    network {
      port "http" { to = 8080 }
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-optimizer-api"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "migrate" {
      driver = "docker"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      config {
        image           = var.image
        command         = "thaman"
        args            = ["migrate"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      template {
        destination = "secrets/migrate.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_OPTIMIZER_DB_PASSWORD={{ $v.db_password }}
          THAMAN_NATS_USER=provision
          THAMAN_NATS_PASSWORD={{ $v.nats_provision_password }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://postgres:{{ $v.db_admin_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }

    task "api" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_optimizer", "api"]
        ports           = ["http", "health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_NATS_USER=optimizer
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://optimizer_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      template {
        destination = "secrets/crew.env"
        env         = true
        data        = <<-TEMPLATE
          %{ if var.crew_url != "" }
          THAMAN_OPTIMIZER_CREW_URL=${var.crew_url}
          THAMAN_OPTIMIZER_CREW_MODEL=${var.crew_model}
          THAMAN_OPTIMIZER_CREW_INPUT_PRICE=${var.crew_input_price}
          THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE=${var.crew_output_price}
          %{ endif }
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "worker" {
    count = 2

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-optimizer-worker"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "worker" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_optimizer", "worker"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_NATS_USER=optimizer
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://optimizer_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      template {
        destination = "secrets/search.env"
        env         = true
        data        = <<-TEMPLATE
          %{ if var.search_provider != "" }
          THAMAN_OPTIMIZER_SEARCH_PROVIDER=${var.search_provider}
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_OPTIMIZER_SEARCH_KEY={{ $v.search_key }}
          {{ end }}
          %{ endif }
        TEMPLATE
      }

      template {
        destination = "secrets/crew.env"
        env         = true
        data        = <<-TEMPLATE
          %{ if var.crew_url != "" }
          THAMAN_OPTIMIZER_CREW_URL=${var.crew_url}
          THAMAN_OPTIMIZER_CREW_MODEL=${var.crew_model}
          THAMAN_OPTIMIZER_CREW_INPUT_PRICE=${var.crew_input_price}
          THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE=${var.crew_output_price}
          %{ endif }
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "relay" {
    count = 2

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-optimizer-relay"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "relay" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_optimizer", "relay"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_NATS_USER=optimizer
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://optimizer_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      template {
        destination = "secrets/crew.env"
        env         = true
        data        = <<-TEMPLATE
          %{ if var.crew_url != "" }
          THAMAN_OPTIMIZER_CREW_URL=${var.crew_url}
          THAMAN_OPTIMIZER_CREW_MODEL=${var.crew_model}
          THAMAN_OPTIMIZER_CREW_INPUT_PRICE=${var.crew_input_price}
          THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE=${var.crew_output_price}
          %{ endif }
        TEMPLATE
      }

      resources {
        cpu        = 100
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "crew" {
    count = var.crew_url == "" ? 0 : 1

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-optimizer-crew"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "crew" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.crew_image
        command         = "python"
        args            = ["-m", "thaman_optimizer", "crew"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-optimizer" }}
          THAMAN_NATS_USER=optimizer
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          THAMAN_OPTIMIZER_CREW_KEY={{ $v.crew_key }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://optimizer_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      template {
        destination = "secrets/crew.env"
        env         = true
        data        = <<-TEMPLATE
          %{ if var.crew_url != "" }
          THAMAN_OPTIMIZER_CREW_URL=${var.crew_url}
          THAMAN_OPTIMIZER_CREW_MODEL=${var.crew_model}
          THAMAN_OPTIMIZER_CREW_INPUT_PRICE=${var.crew_input_price}
          THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE=${var.crew_output_price}
          %{ endif }
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 512
        memory_max = 1024
      }
    }
  }
}
